fn main() {
    let target = std::env::var("TARGET").unwrap();
    let script = if target.starts_with("riscv") { "riscv.ld" } else { "arm.ld" };
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    println!("cargo:rustc-link-arg=-T{folder}/{script}");
    println!("cargo:rustc-link-arg=--nmagic");
}
