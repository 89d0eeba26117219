"""The built sdist, installed in an environment of its own, imports and carries its data, as on a Dataflow worker."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

CHECK = """
import importlib, json, pkgutil, pathlib
import pipeline, models, schemas, runners
for package in (pipeline, models, schemas, runners):
    assert "site-packages" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from schemas import load, names
from models.loading import DEFAULT_MODEL
from pipeline.config import load_config
[load(name) for name in names()]
load_config(pathlib.Path(runners.__file__).parent / "config" / "minimal.yaml")
print(json.dumps(sorted(p.name for p in DEFAULT_MODEL.iterdir())))
"""


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    # --no-isolation: the build needs nothing but setuptools, and no network
    build = "from setuptools.build_meta import build_sdist; import sys; print(build_sdist(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, str(out)], check=True, capture_output=True, text=True)
    return out / done.stdout.split()[-1]


def test_the_sdist_holds_packages_data_and_no_tests(sdist):
    with tarfile.open(sdist) as archive:
        names = {"/".join(name.split("/")[1:]) for name in archive.getnames()}
    for needed in (
        *("pipeline/graph.py", "schemas/alert.v1.avsc", "models/default/model.safetensors"),
        *("models/default/decision.json", "runners/config/reference.yaml", "models/training/default.yaml", "setup.py"),
        *("pipeline/store/migrations/env.py", "pipeline/store/migrations/versions/0001_baseline.py"),
    ):
        assert needed in names
    assert not [name for name in names if name.startswith("tests/")]


def test_it_installs_and_imports_in_an_environment_of_its_own(sdist, tmp_path):
    """Dependencies are shared with the tests' own environment; the four packages come from the sdist alone."""
    place = tmp_path / "site-packages"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(place),
    ]
    subprocess.run([*install, str(sdist)], check=True, capture_output=True)
    # -P and a foreign working directory: the checkout must not be found
    environment = {"PYTHONPATH": str(place), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHECK], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "model.safetensors" in done.stdout


def test_every_package_folder_is_listed():
    import setuptools

    listed = Path("setup.py").read_text()
    for package in setuptools.find_packages(include=["pipeline*", "models*", "schemas*", "runners*"]):
        assert f'"{package}"' in listed
