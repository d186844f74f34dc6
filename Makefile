# Two commands matter to a newcomer: `make demo` and `make test`.
PYTHON := .venv/bin/python
RUST := adapters/rust

.PHONY: help demo test check lint types unit rust test-full bench format clean

help:
	@echo "make demo       set up, measure what this machine can, write report.html (at most 15 minutes)"
	@echo "make test       set up the rest and run every check; this is what CI runs"
	@echo "make check      the same without the set-up"
	@echo "make test-full  and the slow end-to-end matrix"
	@echo "make bench      the benchmarks of litbench itself, as ratios"
	@echo "make format     format all code"

demo:
	scripts/setup
	.venv/bin/litbench doctor
	.venv/bin/litbench run --preset quick -o report.html

test:
	scripts/setup dev
	$(MAKE) check

check: lint types unit rust

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

unit:
	$(PYTHON) -m pytest -m "not slow"

rust:
	cd $(RUST) && cargo fmt --check
	cd adapters/lit-bit && cargo fmt --check
	cd $(RUST) && cargo clippy --quiet --locked --all-targets -- -D warnings
	cd $(RUST) && cargo test --quiet --locked
	cd firmware && cargo fmt --check && cargo test --quiet --locked -p litbench-probe

test-full: check
	$(PYTHON) -m pytest -m slow

bench:
	$(PYTHON) -m benchmarks

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	cd $(RUST) && cargo fmt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis $(RUST)/target
