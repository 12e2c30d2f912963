"""Validators of other people have nothing to say of docs/openapi.yaml, and do find mistakes in it."""
import pathlib
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
MODULES = ROOT / "build/clients/node_modules"
DOCUMENT = ROOT / "docs/openapi.yaml"

VALIDATORS = {
    "spectral": [MODULES / ".bin/spectral", "lint", "--ruleset", FOLDER / "spectral.yaml", "--fail-severity", "hint"],
    "redocly": [MODULES / ".bin/redocly", "lint", "--config", FOLDER / "redocly.yaml"],
    "swagger-parser": ["node", "swagger_parser.mjs"],
}

# A comma without quotes makes a second property; an unknown reference; an object that has no such field.
MISTAKES = {
    "comma": ("description: 'The place of the event in the body, from 0'", "description: The place of the event in the body, from 0"),
    "reference": ("'#/components/schemas/Health'", "'#/components/schemas/Helth'"),
    "field": ("operationId: get_health", "operationID: get_health"),
}


@pytest.fixture
def folder(tmp_path):
    """Where a module of npm finds the others."""
    (tmp_path / "node_modules").symlink_to(MODULES)
    shutil.copy(FOLDER / "swagger_parser.mjs", tmp_path)
    return tmp_path


def validate(validator, document, folder):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "REDOCLY_TELEMETRY": "off"}
    return subprocess.run([*VALIDATORS[validator], document], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=300)


@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_validator_has_nothing_to_say(validator, folder):
    done = validate(validator, DOCUMENT, folder)
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "warning" not in said.lower(), said[-5000:]


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_validator_finds_a_mistake(validator, mistake, folder):
    good, bad = MISTAKES[mistake]
    text = DOCUMENT.read_text()
    assert good in text
    (folder / "wrong.yaml").write_text(text.replace(good, bad))
    assert validate(validator, folder / "wrong.yaml", folder).returncode != 0
