"""From a rendered object and field back to the file and line that set it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flux_repo import line, write

from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.reach import reach
from storyrunner.gitops.sources import SourceIndex

FILES = {
    "app/kustomization.yaml": (
        "resources: [a.yaml, ../lib]\n"
        "patches: [{path: patch.yaml}]\n"
        "configMapGenerator:\n"
        "  - name: made\n"
        "    files: [key=data.txt]\n"
    ),
    "app/a.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n"
        "data:\n  size: small\n  zone: ${ZONE}\n"
        "---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two-${ZONE}\ndata:\n"
        "  script: |\n    first\n    echo ${ZONE} ${ZONE_ID}\n"
    ),
    "app/patch.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  size: large\n"
    ),
    "app/data.txt": "text\n",
    "lib/kustomization.yaml": "resources: [list.yaml]\n",
    "lib/list.yaml": (
        "apiVersion: v1\nkind: List\nitems:\n"
        "  - apiVersion: v1\n    kind: Secret\n    metadata:\n      name: in-list\n"
        "      namespace: deep\n"
    ),
}


def config_map(name: str, **data: str) -> KubeObject:
    found: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return KubeObject(found | {"data": data})


def index(tree: Path) -> SourceIndex:
    return SourceIndex(write(tree, FILES), reach(tree, "app"))


def test_a_build_reaches_what_go_reads_otherwise_than_it_seems(tmp_path: Path) -> None:
    """A key in any case, a path that looks like a date, and one with any number of `./` in it."""
    files = {
        "app/kustomization.yaml": f"Resources: [{'./' * 600}a.yaml, 2020-01-01]\n",
        "app/a.yaml": "",
        "app/2020-01-01/kustomization.yaml": "configMapGenerator: [{Files: [2020-1-1]}]\n",
        "app/2020-01-01/2020-1-1": "",
    }
    assert reach(write(tmp_path, files), "app") == set(files)


def test_a_build_reaches_what_the_configurations_of_plugins_name(tmp_path: Path) -> None:
    config = "kind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [FILE]\n"
    inline = config.replace("FILE", "k=b.txt").replace("\n", "\n  ")
    files = {
        "app/kustomization.yaml": f"generators:\n- g.yaml\n- in\n- |-\n  {inline}\n",
        "app/g.yaml": config.replace("FILE", "a.txt"),
        "app/a.txt": "",
        "app/b.txt": "",
        "app/in/kustomization.yaml": "resources: [h.yaml]\n",
        "app/in/h.yaml": config.replace("FILE", "c.txt"),
        "app/c.txt": "",
    }
    assert reach(write(tmp_path, files), "app") == set(files)


def test_a_build_reaches_all_files_it_reads_and_no_other(tmp_path: Path) -> None:
    tree = write(tmp_path, FILES | {"app/unused.yaml": "", "other/x.yaml": ""})
    assert reach(tree, "app") == set(FILES)


def test_a_field_leads_to_its_line_and_an_absent_one_to_its_parent(tmp_path: Path) -> None:
    found = index(tmp_path)
    one = config_map("one", zone="eu")
    assert line(found.place(one, "data", "zone")) == "app/a.yaml:7"
    assert line(found.place(one, "metadata", "labels")) == "app/a.yaml:4"


def test_a_patched_field_leads_to_the_patch_and_the_others_to_the_manifest(tmp_path: Path) -> None:
    found = index(tmp_path)
    assert line(found.place(config_map("one", size="large"), "data", "size")) == "app/patch.yaml:6"
    assert line(found.place(config_map("one", size="small"), "data", "size")) == "app/a.yaml:6"


def test_names_that_hold_a_variable_are_found_after_substitution(tmp_path: Path) -> None:
    found = index(tmp_path)
    assert line(found.place(config_map("two-eu"), "metadata", "name")) == "app/a.yaml:12"


def test_names_that_got_a_prefix_are_found(tmp_path: Path) -> None:
    assert line(index(tmp_path).place(config_map("pre-one"), "metadata", "name")) == "app/a.yaml:4"


def test_items_of_a_list_are_found(tmp_path: Path) -> None:
    wanted = KubeObject({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "in-list"}})
    place = index(tmp_path).place(wanted, "metadata", "namespace")
    assert line(place) == "lib/list.yaml:8"


def test_a_generated_object_leads_to_its_generator(tmp_path: Path) -> None:
    place = index(tmp_path).place(config_map("made-0123456789"), "data", "key")
    assert line(place) == "app/kustomization.yaml:4"


def test_an_object_no_file_names_has_no_place(tmp_path: Path) -> None:
    assert index(tmp_path).place(config_map("absent")) is None
    assert index(tmp_path).source(config_map("absent")) is None


def test_an_expression_is_found_on_its_own_line_inside_a_block(tmp_path: Path) -> None:
    found = index(tmp_path)
    assert line(found.expression(config_map("one"), "ZONE")) == "app/a.yaml:7"
    assert line(found.expression(config_map("two-${ZONE}"), "ZONE_ID")) == "app/a.yaml:16"
    assert found.expression(config_map("one"), "NOWHERE") is None
