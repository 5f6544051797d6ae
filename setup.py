"""What pyproject.toml cannot say: data/ lies beside helpers/, and in a wheel inside it."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["helpers*"]), "helpers.data"],
    package_dir={"helpers.data": "data"},
)
