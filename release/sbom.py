"""``python -m release.sbom [FOLDER]``: the bill of materials of a release, as CycloneDX JSON.

Every locked package with version, licence, who asked for it, and the SHA-256 of each file that the lock file lets in;
and the packages built in FOLDER (`dist`), into which it is written. It has no time of its own but that of the release,
so that it is the same for everybody.
"""

from __future__ import annotations

import hashlib
import sys
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.licences import RELEASE_TOOLS, Row, rows
from release.lockfile import ROOT, Locked, read_all
from release.version import released_at, version

__all__ = ["bill", "main", "written"]

SCOPES = {"run": ComponentScope.REQUIRED, "extra": ComponentScope.OPTIONAL}  # the others never reach a user
PROJECT = "eightk"


def bill(found: Iterable[Row], built: Iterable[Path]) -> Bom:
    """Return the bill for these packages, with the release as what it is of."""
    of = {(row.name, row.version): row for row in found}
    locked = _merged(one for some in read_all().values() for one in some)
    made = {key: _component(one, of[key]) for key, one in locked.items()}
    bom = Bom(components=made.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{PROJECT} {version()}"))
    bom.metadata.timestamp = datetime.fromtimestamp(released_at(), UTC)
    bom.metadata.component = _project(built)
    nodes = {PROJECT: bom.metadata.component}
    nodes |= {name: component for (name, _), component in made.items()}
    asked: dict[str, set[str]] = {name: set() for name in nodes}
    for (name, _), one in locked.items():
        for parent in one.asked_by:
            asked[parent].add(name)
    for parent, children in asked.items():
        bom.register_dependency(nodes[parent], [nodes[child] for child in sorted(children)])
    return bom


def written(bom: Bom) -> str:
    """Return it as JSON. Raises ``ValueError`` when it does not hold CycloneDX's schema."""
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    if fault := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise ValueError(f"not CycloneDX 1.6: {fault}")
    return text + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the bill of the packages in a folder, beside them. Returns the exit code."""
    folder = Path(arguments[0]) if arguments else ROOT / "dist"
    folder.mkdir(exist_ok=True)
    known = rows([*map(Path, sys.path), *RELEASE_TOOLS.glob("lib/python*/site-packages")])
    bom = bill(known, sorted((*folder.glob("*.whl"), *folder.glob("*.tar.gz"))))
    file = folder / f"{PROJECT}-{version()}.cdx.json"
    file.write_text(written(bom), encoding="utf-8")
    print(f"bill of materials: {file.name}: {len(bom.components)} packages, CycloneDX 1.6, checked against its schema")
    return 0


def _merged(found: Iterable[Locked]) -> dict[tuple[str, str], Locked]:
    """One entry for each package and version, however many lock files have it."""
    merged: dict[tuple[str, str], Locked] = {}
    for one in found:
        key = one.name, one.version
        before = merged.get(key, one)
        hashes = tuple(sorted({*before.hashes, *one.hashes}))
        merged[key] = Locked(one.name, one.version, "", hashes, tuple(sorted({*before.asked_by, *one.asked_by})))
    return dict(sorted(merged.items()))


def _component(one: Locked, row: Row) -> Component:
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{one.name}=={one.version}",
        purl=PackageURL("pypi", name=one.name, version=one.version),
        scope=SCOPES.get(row.purpose, ComponentScope.EXCLUDED),
        licenses=[_licence(row.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in one.hashes],
    )


def _licence(expression: str) -> DisjunctiveLicense | LicenseExpression:
    return LicenseExpression(expression) if " " in expression else DisjunctiveLicense(id=expression)


def _project(built: Iterable[Path]) -> Component:
    files = [
        Component(
            name=file.name,
            type=ComponentType.FILE,
            bom_ref=file.name,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(file.read_bytes()).hexdigest())],
        )
        for file in built
    ]
    return Component(
        name=PROJECT,
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref=PROJECT,
        licenses=[_licence("MIT")],
        components=files,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
