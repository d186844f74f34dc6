// Three allocations of 64 bytes per message; "clean" makes none.
use std::hint::black_box;

#[inline(never)]
fn handle(value: u8) {
    let blocks = [
        black_box(Box::new([value; 64])),
        black_box(Box::new([value; 64])),
        black_box(Box::new([value; 64])),
    ];
    black_box(&blocks);
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let messages: u64 = words.get(1).map_or(1000, |word| word.parse().unwrap());
    let clean = words.get(2).is_some_and(|word| word == "clean");
    for i in 0..messages {
        if !clean {
            handle(i as u8);
        }
    }
}
