//! Versions of dependencies, from the text of a `Cargo.lock`.

/// The version of a package in a `Cargo.lock`, for [`Description::runtime`](crate::Description::runtime).
///
/// ```
/// let lock = "[[package]]\nname = \"tokio\"\nversion = \"1.54.1\"\n";
/// assert_eq!(litbench_adapter::locked_version(lock, "tokio"), "1.54.1");
/// assert_eq!(litbench_adapter::locked_version(lock, "actix"), "");
/// ```
///
/// Meant for `include_str!("../Cargo.lock")`. Empty when the package is not there.
#[must_use]
pub fn locked_version<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    lock.lines()
        .skip_while(|line| *line != name)
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .unwrap_or("")
}
