"""``zhizhi evaluate fraud-text``: four formats, in disguise as well, and across sources."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from zhizhi.config.cli import main

SEGMENTED = {
    (
        "FR",
        "FR:Phishing(Bank)",
    ): "尊敬 的 用户 您 的 账户 积分 可 兑换 现金 请 登录 URL 第 DIGIT",
    ("AD", "AD:Retail"): "亲爱 的 会员 周年庆 全场 满减 优惠 欢迎 光临 退订 回复 t 第 DIGIT",
    ("AD", "AD:Loan"): "低 利息 信用 贷款 无 抵押 放款 快 咨询 PHONE 李 经理 第 DIGIT",
}
WORDS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"


def written(path: Path, rows: list[dict[str, str]]) -> str:
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def stations(folder: Path, count: int = 25) -> str:
    rows = [
        {"id": f"{group}{n}", "cluster": f"{label}{n}", "group": group, "label": label,
         "text": f"{text} {WORDS[n]} {WORDS[n + 1]}"}
        for n in range(count)
        for (group, label), text in SEGMENTED.items()
    ]  # fmt: skip
    return written(folder / "fbs.csv.gz", rows)


def private(folder: Path, count: int = 30) -> str:
    rows = [
        {"id": f"n{n}", "cluster": f"n{n}", "label": "normal",
         "text": f"妈妈我晚上{n}点到家，{WORDS[n]}一起吃饭吧{WORDS[n + 1]}"}
        for n in range(count)
    ]  # fmt: skip
    return written(folder / "nus.csv.gz", rows)


def dialogues(folder: Path, count: int = 20) -> str:
    said = {
        ("fraud", "彩票诈骗"): ["恭喜您中了一等奖，请先交税", "真的吗"],
        ("fraud", "客服诈骗"): ["您的快递丢失，我们双倍赔付", "好的"],
        ("normal", "外卖服务"): ["欢迎使用外卖服务", "我想点个外卖"],
    }
    rows = [
        {"id": f"{kind}{n}", "cluster": f"{kind}{n}", "label": label, "kind": kind,
         "turns": json.dumps([["caller", turns[0] + WORDS[n]], ["user", turns[1]]])}
        for n in range(count)
        for (label, kind), turns in said.items()
    ]  # fmt: skip
    return written(folder / "taf.csv.gz", rows)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["evaluate", "fraud-text", *words, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_texts_are_measured_in_parts_by_cluster_and_in_disguise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [stations(tmp_path), private(tmp_path)]
    report = told(
        capsys, "--train", *files, "--test", *files, "--evade", "homophone+insertion:0.3",
        "traditional:1",
    )  # fmt: skip

    ours = report["ours"]
    assert (report["learned"], report["measured"], report["scams"]) == (105, 105, 25)
    assert "by cluster" in report["how"]
    assert ours["auc"] == ours["recall_at_0.1_percent"] == 1.0
    assert ours["macro_f1"] == {"fbs.csv.gz": 1.0}
    assert list(ours["evaded"]) == ["homophone:0.6+insertion:0.3", "traditional:1"]
    assert ours["evaded"]["traditional:1"]["auc"] == 1.0
    assert ours["evaded"]["homophone:0.6+insertion:0.3"]["auc"] > 0.95
    assert sum(ours["states"]["scams"].values()) == pytest.approx(1.0)
    assert report["baseline"]["macro_f1"].keys() == ours["macro_f1"].keys()
    assert report["across"] == []


def test_files_apart_teach_and_are_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    train = [stations(tmp_path), private(tmp_path)]
    test = [stations(tmp_path / "other", 9), private(tmp_path / "other", 8)]
    report = told(capsys, "--train", *train, "--test", *test)

    assert (report["how"], report["measured"]) == ("on files apart", 35)
    assert report["ours"]["auc"] == 1.0


def test_what_one_source_teaches_is_asked_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [stations(tmp_path), private(tmp_path), dialogues(tmp_path)]
    across = told(capsys, "--train", *files)["across"]

    assert [(row["taught"], row["asked"]) for row in across] == [
        ("fbs.csv.gz", "taf.csv.gz"), ("taf.csv.gz", "fbs.csv.gz"),
    ]  # fmt: skip
    assert all(0 <= row["false_where_ahead"] <= 1 for row in across)


def test_figures_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [stations(tmp_path), dialogues(tmp_path)]
    assert main(["evaluate", "fraud-text", "--train", *files, "--evade", "deletion"]) == 0

    said = capsys.readouterr().out
    assert "with 65 scams, cross-validated" in said
    assert "in disguise deletion:0.1: auc" in said
    assert "taught by fbs.csv.gz, asked of taf.csv.gz: auc" in said


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"cluster": "a", "text": "b"}], "none of the known formats"),
        (
            [{"cluster": f"a{n}", "label": "normal", "text": "b"} for n in range(9)],
            "both scams and other texts",
        ),
        ([{"cluster": "a", "label": "fraud", "kind": "x", "turns": "{"}], "line 2"),
        ([{"cluster": "a", "label": "fraud", "kind": "x", "turns": "3"}], "line 2"),
        (
            [{"cluster": "a", "label": "normal", "text": "b"},
             {"cluster": "a", "label": "spam", "text": "b"}],
            "too few clusters",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, str]], message: str
) -> None:
    file = written(tmp_path / "bad.csv.gz", rows)

    assert main(["evaluate", "fraud-text", "--train", file]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("disguise", ["wig", "homophone:1.1", "homophone:-0.1", "homophone:much"])
def test_a_disguise_that_is_none_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], disguise: str
) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "fraud-text", "--train", "x.csv", "--evade", disguise])
    assert "--evade" in capsys.readouterr().err


def test_other_tasks_know_no_disguise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "category", "--train", "x.csv", "--evade", "deletion"]) == 2
    assert "fraud-text alone" in capsys.readouterr().err
