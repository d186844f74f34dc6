"""litbench: profiles and benchmarks actor systems, on servers and on microcontrollers."""

__version__ = "0.1.0"
