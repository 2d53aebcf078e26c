"""GDAL's driver for OGC API - Features, as QGIS uses it: layers, all features, pages, a box.

Runs in the environment of the clients: ``ask_gdal.py ADDRESS SECRET``.
"""

from __future__ import annotations

import sys

import pyogrio

PUBLIC, ALL = {"areas", "zones"}, {"areas", "zones", "cases", "units", "alerts"}


def main(url: str, secret: str) -> None:
    source = f"OAPIF:{url}/ogc"
    told = {name for name, _kind in pyogrio.list_layers(source)}
    assert told == PUBLIC, f"the public finds {told}"
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BASIC", "GDAL_HTTP_USERPWD": f"x:{secret}"})
    told = {name for name, _kind in pyogrio.list_layers(source)}
    assert told == ALL, f"a pass finds {told}"
    read = 0
    for layer in sorted(ALL):
        meta, _ids, shapes, fields = pyogrio.raw.read(source, layer=layer)
        assert len(shapes), f"{layer}: no feature"
        assert meta["crs"] == "OGC:CRS84" or "4326" in meta["crs"], meta["crs"]
        assert layer == "units" or all(shape is not None for shape in shapes), f"{layer}: no shape"
        assert len(fields) >= 4, f"{layer}: {list(meta['fields'])}"
        read += len(shapes)
    whole = numbers(source)
    assert len(set(whole)) == len(whole), "a case twice"
    paged = numbers(source, PAGE_SIZE="7")
    assert paged == whole, f"{len(paged)} cases in pages, {len(whole)} at once"
    box = (107.0, 29.0, 107.4, 30.0)
    some = numbers(source, bbox=box)
    assert set(some) <= set(whole), "a box holds what the whole does not"
    assert not numbers(source, bbox=(0.0, 0.0, 1.0, 1.0)), "cases in the sea"
    version = ".".join(map(str, pyogrio.__gdal_version__))
    print(
        f"GDAL {version}: {len(ALL)} layers, {read} features, {len(some)} of {len(whole)} in a box"
    )


def numbers(source: str, **options: object) -> list[str]:
    """Return the numbers of the cases in the order in which they come."""
    meta, _ids, _shapes, fields = pyogrio.raw.read(source, layer="cases", **options)
    return list(fields[list(meta["fields"]).index("number")])


if __name__ == "__main__":
    main(*sys.argv[1:])
