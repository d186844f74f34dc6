"""What is found in images and in sources, and who reaches it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litbench.errors import UsageError
from litbench.firmware.cargo_sources import scan_sources, tokens, uses
from litbench.firmware.scan import broken, read_rules, scan
from tests.firmware.fixtures import FOLDER, analysis, load


def found(name: str) -> dict[str, int]:
    result = scan(load(name), read_rules(), analysis(name))
    return {rule.id: len(result.of(rule.id)) for rule in result.rules}


def test_each_rule_finds_what_is_there_and_only_that() -> None:
    soft = found("calls-m0-Os")
    assert soft["float"] == 3
    assert soft["div64"] >= 1
    assert soft["div32"] >= 1
    assert found("calls-m4f-Os")["float"] == 0
    assert found("calls-m3-Os")["div32"] == 0
    assert found("rust-m3-Os")["heap"] == 0
    assert found("heap-m3-Os")["heap"] > 0
    assert found("rust-m3-Os")["panic"] > 0
    assert found("rust-m3-Os")["format"] > 3
    assert found("calls-m3-Os")["panic"] == found("calls-m3-Os")["std"] == 0


def test_findings_say_who_reaches_them() -> None:
    result = scan(load("calls-m0-Os"), read_rules(), analysis("calls-m0-Os"))
    hit = next(h for h in result.hits if h.name == "__aeabi_fadd")
    assert hit.callers == ("floating",)
    assert hit.reached_from == ("Reset_Handler",)


def test_a_denied_rule_is_broken_unless_its_feature_is_on() -> None:
    result = scan(load("heap-m3-Os"), read_rules(), None)
    assert broken(result, {"heap": ""}, set())
    assert broken(result, {"heap": "alloc"}, {"usb"})
    assert broken(result, {"heap": "alloc"}, {"alloc"}) == []
    with pytest.raises(UsageError, match="no rule 'haep'"):
        broken(result, {"haep": ""}, set())


def test_rules_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\nid = "x"\ntitle = "t"\nadvice = "a"\nsymbols = ["spill$"]\n')
    assert len(scan(load("calls-m3-Os"), read_rules(file), None).hits) == 1
    file.write_text('[[rule]]\nid = "x"\ntitle = "t"\nadvice = "a"\nsymbols = ["("]\n')
    with pytest.raises(UsageError, match="regular expression"):
        read_rules(file)


def test_sources_of_the_fixture_by_crate_and_feature() -> None:
    found = scan_sources(FOLDER / "rust")
    assert {use.crate for use in found} == {"probe"}
    by_feature = {f: [u.kind for u in found if u.feature == f] for f in ("", "heap")}
    assert sorted(by_feature["heap"]) == ["unsafe fn", "unsafe fn", "unsafe impl", "unsafe impl"]
    assert by_feature[""].count("unsafe block") == 2
    assert "std" not in by_feature[""]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("use std::io;", [("", "std", 1)]),
        ("extern crate std;", [("", "std", 1)]),
        ("// use std::io; unsafe {}\n/* unsafe { /* nested */ } */", []),
        ('let a = "unsafe { std::x }";', []),
        ('let a = r#"unsafe { " std:: "#;\nunsafe { x() }', [("", "unsafe block", 2)]),
        ("let quote = '\"'; unsafe { f() }", [("", "unsafe block", 1)]),
        ("fn f<'a>(x: &'a u8) { unsafe { g(x) } }", [("", "unsafe block", 1)]),
        ('#[cfg(feature = "x")]\nmod m { unsafe fn f() {} }\nunsafe fn g() {}',
         [("x", "unsafe fn", 2), ("", "unsafe fn", 3)]),
        ('#[cfg(not(feature = "x"))]\nunsafe fn g() {}', [("", "unsafe fn", 2)]),
        ('#[cfg(feature = "std")]\nuse std::vec;\nuse core::vec;', [("std", "std", 2)]),
        ("crate::std::x()", []),
        ("unsafe impl Send for X {} unsafe trait T {} unsafe extern \"C\" fn f() {}",
         [("", "unsafe impl", 1), ("", "unsafe trait", 1), ("", "unsafe fn", 1)]),
    ],
)  # fmt: skip
def test_uses_in_sources(source: str, wanted: list[tuple[str, str, int]]) -> None:
    assert uses(source) == wanted


@given(st.text(alphabet="ab{}\"'/*#r!\\\n[]unsafe ", max_size=80))
def test_any_text_is_read(source: str) -> None:
    lines = source.count("\n") + 1
    assert all(1 <= line <= lines for _, line in tokens(source))
    uses(source)
