"""What is shipped for Kubernetes: each manifest by the schemas of the API, and all together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from headway.serving.gateway.site import Site

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "kubernetes"
VARIANTS = ("base", "hpa", "acting")
VERSIONS = ("1.27", "1.31", kubernetes_validate.latest_version())
_NO_RESOURCES = ("fleet.yaml", "prometheus-adapter.yaml", "kustomization.yaml")


def _documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one is not None]


def _resources(variant: str) -> list[dict[str, Any]]:
    """Return what a kustomization makes, as far as it is plain: resources and merged patches."""
    told = _documents(FOLDER / variant / "kustomization.yaml")[0]
    found: list[dict[str, Any]] = []
    for name in told["resources"]:
        path = (FOLDER / variant / name).resolve()
        found += _resources(path.name) if path.is_dir() else _documents(path)
    for patch in told.get("patches", ()):
        for one in _documents(FOLDER / variant / patch["path"]):
            target = next(two for two in found if _id(two) == _id(one))
            target["spec"] |= {name: _plain(value) for name, value in one["spec"].items()}
    for generator in told.get("configMapGenerator", ()):
        found = [one for one in found if _id(one) != ("ConfigMap", generator["name"])]
        data = {name: (FOLDER / variant / name).read_text() for name in generator["files"]}
        meta = {"name": generator["name"]}
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if name != "$patch"}
    return value


def _id(resource: dict[str, Any]) -> tuple[str, str]:
    return resource["kind"], resource["metadata"]["name"]


def _of(variant: str, kind: str) -> Iterator[dict[str, Any]]:
    return (one for one in _resources(variant) if one["kind"] == kind)


def _named(variant: str, kind: str, name: str) -> dict[str, Any]:
    return next(one for one in _of(variant, kind) if one["metadata"]["name"] == name)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_resource_fits_the_schema_of_the_api(variant: str, version: str) -> None:
    resources = _resources(variant)
    assert len(resources) >= 11
    for resource in resources:
        kubernetes_validate.validate(resource, version, strict=True)


def test_the_schemas_do_refuse() -> None:
    wrong = _named("base", "Deployment", "headway-gateway")
    wrong["spec"]["template"]["spec"]["containers"][0]["port"] = 8000
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_no_file_is_left_out() -> None:
    for variant in VARIANTS:
        told = _documents(FOLDER / variant / "kustomization.yaml")[0]
        listed = {*told["resources"], *(one["path"] for one in told.get("patches", ()))}
        there = {path.name for path in (FOLDER / variant).glob("*.yaml")} - {*_NO_RESOURCES}
        assert there == {name for name in listed if name.endswith(".yaml")}


@pytest.mark.parametrize("variant", VARIANTS)
def test_selectors_find_their_pods(variant: str) -> None:
    pods = [one["spec"]["template"] for one in _of(variant, "Deployment")]
    labels = [pod["metadata"]["labels"] for pod in pods]
    for deployment in _of(variant, "Deployment"):
        own = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= own.items()
    for kind in ("Service", "PodDisruptionBudget"):
        for one in _of(variant, kind):
            selector = one["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert any(wanted.items() <= each.items() for each in labels), one["metadata"]["name"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_ports_of_services_and_probes_are_there(variant: str) -> None:
    by_labels = {}
    for deployment in _of(variant, "Deployment"):
        template = deployment["spec"]["template"]
        (container,) = template["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            way = container[probe].get("httpGet") or container[probe]["tcpSocket"]
            assert way["port"] in ports
        name = template["metadata"]["labels"]["app.kubernetes.io/name"]
        by_labels[name] = ports
    for service in _of(variant, "Service"):
        ports = by_labels[service["spec"]["selector"]["app.kubernetes.io/name"]]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_mounted_bound_and_scaled_exists(variant: str) -> None:
    there = {_id(one) for one in _resources(variant)}
    for deployment in _of(variant, "Deployment"):
        spec = deployment["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        (container,) = spec["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        for volume in spec["volumes"]:
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in there
        for source in container.get("envFrom", ()):
            assert ("Secret", source["secretRef"]["name"]) in there
        for variable in container.get("env", ()):
            known = _named(variant, "Secret", variable["valueFrom"]["secretKeyRef"]["name"])
            assert variable["valueFrom"]["secretKeyRef"]["key"] in known["stringData"]
        if "serviceAccountName" in spec:
            assert ("ServiceAccount", spec["serviceAccountName"]) in there
    for binding in _of(variant, "RoleBinding"):
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in there
        for subject in binding["subjects"]:
            assert (subject["kind"], subject["name"]) in there
    for scaler in _of(variant, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) in there
        assert "replicas" not in _named(variant, target["kind"], target["name"])["spec"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_fleet_is_one_that_the_gateway_reads(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "k")
    (told,) = [one["data"]["fleet.yaml"] for one in _of(variant, "ConfigMap")]
    path = tmp_path / "fleet.yaml"
    path.write_text(told)
    site = Site.read(path)
    there = {_id(one) for one in _resources(variant)}
    secret = _named(variant, "Secret", "headway-keys")["stringData"]
    for kind, upstreams in site.serve.engines.items():
        assert upstreams.kubernetes is not None
        service = _named(variant, "Service", upstreams.kubernetes.service)
        assert upstreams.kubernetes.port in {port["name"] for port in service["spec"]["ports"]}
        assert upstreams.api_key_env in secret
        own = site.serve.scaling.engines.get(kind)
        if own is not None:
            assert ("Deployment", own.deployment) in there
    assert site.serve.admin_token_env in secret
    gateway = _named(variant, "Deployment", "headway-gateway")
    pod = gateway["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    listens = {site.serve.listen, site.serve.admin}
    assert {f"0.0.0.0:{port['containerPort']}" for port in container["ports"]} == listens
    pause_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause_s + site.serve.grace_s
    if site.serve.scaling.act == "kubernetes":
        assert gateway["spec"]["replicas"] == 1, "two would not agree"
    list(site.live([one for one in site.addresses if one is not None]))


def test_a_scaler_may_do_what_it_does() -> None:
    rules = [
        (group, resource, verb)
        for role in _of("acting", "Role")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]
    assert {
        ("discovery.k8s.io", "endpointslices", "list"),
        ("apps", "deployments/scale", "get"),
        ("apps", "deployments/scale", "update"),
        ("", "pods", "list"),
        ("", "pods", "patch"),
    } <= set(rules)
    assert not any("*" in rule for rule in rules)
    (role,) = _of("base", "Role")
    assert [rule["verbs"] for rule in role["rules"]] == [["get", "list"]], "others only look"


def test_the_adapter_tells_the_metric_that_is_asked_for() -> None:
    (values,) = _documents(FOLDER / "hpa" / "prometheus-adapter.yaml")
    (rule,) = values["rules"]["external"]
    (scaler,) = _of("hpa", "HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == rule["name"]["as"]
    assert rule["name"]["as"] in rule["metricsQuery"]


def test_the_image_is_built_from_files_that_are_there() -> None:
    told = (ROOT / "deploy" / "Dockerfile").read_text()
    assert len(re.findall(r"^FROM ", told, re.MULTILINE)) == 2
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", told, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
            assert f"!{name}" in ignored, name
    assert '"serve", "/etc/headway/fleet.yaml"' in told
