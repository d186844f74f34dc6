// Virtual calls, templates and namespaces.
#include <stdint.h>
#define NOINLINE __attribute__((noinline))
volatile uint32_t sink;

namespace shapes {
struct Shape {
  virtual uint32_t area(uint32_t k) const = 0;
  virtual uint32_t corners() const { return 0; }
  constexpr Shape() = default;
};

template <unsigned N>
struct Polygon : Shape {
  NOINLINE uint32_t area(uint32_t k) const override {
    volatile uint32_t local[N * 4];
    for (uint32_t i = 0; i < N * 4; i++) local[i] = k + i;
    return local[k % N];
  }
  uint32_t corners() const override { return N; }
};

struct Circle : Shape {
  NOINLINE uint32_t area(uint32_t k) const override { return k * 3; }
};
}  // namespace shapes

static shapes::Polygon<3> triangle;
static shapes::Polygon<8> octagon;
static shapes::Circle circle;
static shapes::Shape *const all[] = {&triangle, &octagon, &circle};

NOINLINE uint32_t total(const shapes::Shape *const *list, uint32_t count) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += list[i]->area(i) + list[i]->corners();
  return sum;
}

extern "C" void __cxa_pure_virtual() {
  for (;;) {
  }
}
void operator delete(void *, unsigned) noexcept {}

extern "C" int main() {
  sink = total(all, 3);
  return 0;
}
