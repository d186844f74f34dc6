"""The command: records kept like any other run, tables, budgets, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from litbench.cli.main import main
from litbench.record import Kind, decode, encode
from litbench.report import html, markdown, model
from litbench.store import Store
from tests.firmware.fixtures import FOLDER, path

CALLS = str(path("calls-m3-Os"))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LITBENCH_STORE", str(tmp_path / "store.sqlite"))


def run(*words: str) -> int:
    return main(["firmware", *words])


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("size", CALLS), Kind.FOOTPRINT),
        (("symbols", CALLS, "--by", "file"), Kind.FOOTPRINT),
        (("stack", CALLS), Kind.STACK),
        (("scan", CALLS), Kind.SCAN),
        (("diff", CALLS, str(path("calls-m3-O2"))), Kind.FOOTPRINT),
    ],
)
def test_each_analysis_keeps_a_record(
    words: tuple[str, ...], kind: Kind, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    with Store.open() as store:
        (record,) = store.find("last")
    assert record.kind is kind
    assert decode(encode(record)) == record
    assert record.subject.digest
    assert printed["images"][0]["figures"]
    page = html.render(model.build([record]))
    assert record.workload.name in page
    assert markdown.render(model.build([record])).count("|") > 20


def test_budgets_decide_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("size", CALLS, "--max", "flash=3KiB") == 0
    assert run("size", CALLS, "--max", "flash=2KiB", "--max", "ram=64KiB") == 1
    assert "flash is 2,980 B (2.91 KiB), over its budget of 2,048 B (2.00 KiB)" in (
        capsys.readouterr().err
    )
    assert run("stack", CALLS, "--max", "stack.main=2KiB") == 0
    assert run("stack", CALLS, "--max", "stack.main=1KiB") == 1
    assert run("size", CALLS, "--max", "flesh=1") == 2
    assert run("size", CALLS, "--max", "flash") == 2


def test_an_undetermined_bound_keeps_no_budget(capsys: pytest.CaptureFixture[str]) -> None:
    recursion = str(path("recursion-m3-Os"))
    assert run("stack", recursion, "--max", "stack.total=64KiB") == 1
    assert "stack.total is undetermined" in capsys.readouterr().err


def test_the_option_file_answers_and_limits(tmp_path: Path) -> None:
    options = tmp_path / "litbench.toml"
    options.write_text(
        "[firmware.stack.recursion]\nfactorial = 6\neven = 3\nodd = 3\n"
        '[firmware.budgets]\n"stack.total" = "4KiB"\nflash = "16KiB"\n'
    )
    recursion = str(path("recursion-m3-Os"))
    assert run("stack", recursion) == 0
    assert run("size", recursion) == 0
    options.write_text('[firmware.budgets]\n"stack.total" = "4KiB"\n')
    assert run("stack", recursion) == 1


def test_regions_are_filled_from_the_linker_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("size", CALLS, "--memory", str(FOLDER / "c" / "arm.ld"), "--max", "region.RAM=2k") == 0
    )
    assert "FLASH" in capsys.readouterr().out


def test_denied_findings_fail(capsys: pytest.CaptureFixture[str]) -> None:
    heap = str(path("heap-m3-Os"))
    assert run("scan", heap, "--deny", "heap") == 1
    assert run("scan", heap, "--deny", "heap:heap", "--feature", "heap") == 0
    assert run("scan", CALLS, "--deny", "heap", "--deny", "std") == 0
    assert run("scan", CALLS, "--sources", str(FOLDER / "rust")) == 0
    assert "unsafe block" in capsys.readouterr().out


def test_errors_have_their_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.elf"
    broken.write_bytes(b"\x7fELF" + bytes(30))
    assert run("size", str(broken)) == 3
    assert "broken.elf: offset 0x" in capsys.readouterr().err
    assert run("size", str(tmp_path / "none.elf")) == 3
    assert run("stack", "/bin/ls") == 3
    assert run("size", "/bin/ls") == 0


def test_the_tree_map_shows_every_byte() -> None:
    assert run("symbols", str(path("virtual-m3-Os"))) == 0
    with Store.open() as store:
        report = model.build(store.find("last"))
    image = report.images[0]
    flash_and_ram = sum(int(r[3] or 0) for r in image.tables[0].rows)
    assert sum(tile.value for tile in image.tiles) == flash_and_ram
    page = html.render(report)
    drawing = page[page.index("<svg") : page.index("</svg>") + 6]
    tree = ElementTree.fromstring(drawing)
    areas = [float(r.get("width") or 0) + 1 for r in tree.iter("rect")]
    assert len(areas) == len(image.tiles)


def test_what_an_image_says_cannot_become_markup(tmp_path: Path) -> None:
    data = path("calls-m3-Os").read_bytes().replace(b"large_frame\0", b'<b>|`&"x>]\0\0')
    (tmp_path / "x.elf").write_bytes(data)
    assert run("symbols", str(tmp_path / "x.elf")) == 0
    with Store.open() as store:
        report = model.build(store.find("last"))
    assert "<b>|" not in html.render(report)
    assert "<b>|" not in markdown.render(report)
