"""The command `rapport` as people and scripts use it, against an API and a worker of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.suite import API_KEY, ROOT, Suite

MAPPING = {"mapping": {"event": "Visited", "user_id": "/member", "message_id": ["/no"], "timestamp": "/at"}}
FILE = "no,member,at\n1,a,2026-04-05\n2,,2026-04-05\n3,c,yesterday\n4,d,2026-04-06\n"
COMMAND = Path(sys.executable).with_name("rapport")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with Suite(tmp_path_factory.mktemp("command"), services=("events",)) as suite:
        yield suite


def rapport(suite: Suite, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    stated = {"RAPPORT_EVENTS_URL": suite.url("events"), "RAPPORT_API_KEY": API_KEY, "COLUMNS": "120"}
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=os.environ | stated | environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def test_a_file_is_tried_imported_mended_and_imported_again(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING))
    (tmp_path / "visits.csv").write_text(FILE)
    saved = rapport(suite, tmp_path, "mappings", "save", "visits", "mapping.json")
    assert saved.stdout == "visits is saved, version 1\n"
    tried = rapport(suite, tmp_path, "import", "visits.csv", "--mapping", "visits", "--dry-run")
    assert tried.returncode == 1, tried.stderr
    assert "all 4 rows: 2 would be accepted as 2 touchpoints, 2 refused" in tried.stdout
    assert "row 4, column at: 'yesterday' is no time" in tried.stdout
    done = rapport(suite, tmp_path, "import", "visits.csv", "-m", "visits", "--json", "--errors", "bad.csv")
    assert done.returncode == 1, done.stderr
    job = json.loads(done.stdout)
    assert (job["state"], job["accepted"], job["failed"], job["touchpoints"]) == ("completed", 2, 2, 2)
    bad = (tmp_path / "bad.csv").read_text("utf-8-sig")
    (tmp_path / "bad.csv").write_text(bad.replace("2,,", "2,b,").replace("yesterday", "2026-04-05"), "utf-8")
    again = rapport(suite, tmp_path, "import", "bad.csv", "-m", "visits")
    assert again.returncode == 0, again.stderr
    assert "2 new touchpoints, 0 known before" in again.stdout
    told = rapport(suite, tmp_path, "import", "visits.csv", "-m", "visits").stdout.splitlines()
    assert "0 new touchpoints, 2 known" in told[0]
    assert told[1] == "row 3: nobody is named: user_id, anonymous_id, email and phone are empty"
    assert told[2].startswith("row 4, column at: 'yesterday' is no time as ISO 8601")
    assert told[3].startswith("all refused rows: rapport imports errors ")
    errors = rapport(suite, tmp_path, "imports", "errors", job["id"])
    assert errors.stdout.splitlines()[0].endswith("no,member,at,rapport_row,rapport_error")
    assert len(rapport(suite, tmp_path, "imports", "list").stdout.splitlines()) == 3


@pytest.mark.parametrize(("arguments", "environment", "code", "says"), [
    (["import", "nothing.csv", "-m", "visits"], {}, 2, "nothing.csv: there is no such file"),
    (["import", "picture.png", "-m", "visits"], {}, 2, "its name ends like none of .csv"),
    (["import", "book.xlsx", "-m", "visits"], {}, 2, "a spreadsheet is saved as CSV first"),
    (["import", ".", "-m", "visits"], {}, 2, "rapport: .: that is a folder"),
    (["mappings", "show", "unheard-of"], {}, 2, "no import mapping 'unheard-of' (import_mapping_not_found)"),
    (["mappings", "list"], {"RAPPORT_API_KEY": "rk_wrong"}, 2, "send a live API key"),
    (["mappings", "list"], {"RAPPORT_EVENTS_URL": "nowhere"}, 2, "not the address of a service"),
    (["mappings", "list"], {"RAPPORT_EVENTS_URL": "http://127.0.0.1:9"}, 3, "does not answer"),
    (["mappings", "save", "x", "x.json"], {"RAPPORT_EVENTS_URL": "http://127.0.0.1:9"}, 3, "does not answer"),
    (["import", "x.csv"], {}, 2, "Missing option '--mapping'"),
])  # fmt: skip
def test_what_goes_wrong_is_said_in_a_line(
    suite: Suite, tmp_path: Path, arguments: list[str], environment: dict[str, str], code: int, says: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(MAPPING))
    told = rapport(suite, tmp_path, *arguments, **environment)
    assert (told.returncode, told.stdout) == (code, "")
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def test_the_command_is_a_client_like_any_other() -> None:
    alone = (
        "import sys, deploy.command.commands as _;"
        "sys.exit(any(m.split('.')[0] in ('services', 'shared') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", alone], cwd=ROOT, check=False).returncode == 0
