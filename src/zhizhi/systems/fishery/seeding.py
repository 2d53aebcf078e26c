"""What a new installation of the fishery watch starts with: the words of its messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from zhizhi.systems.fishery import wording

FIRST_WORDS: Mapping[str, Mapping[str, str]] = {
    wording.REMINDER: {
        "zh-hans": (
            "我是江里的小鱼。{zone}正在禁渔，您已停留{minutes}分钟，请收竿离开，让我们长大！"
            "有误凭码{appeal}申诉"
        ),
        "en": (
            "A little fish: no fishing in {zone}, you have been here {minutes} min. Please pack up "
            "and let us grow. A mistake? Appeal with code {appeal}"
        ),
    },
    wording.HAIL: {
        "zh-hans": (
            "请用甚高频呼叫这艘船：您已在{zone}停留{minutes}分钟，正值禁渔，请尽快驶离。"
            "江里的小鱼谢谢您。"
        ),
        "en": (
            "Please call this vessel on VHF: you have been in {zone} for {minutes} minutes while "
            "fishing is banned there. Please move on. The fish thank you."
        ),
    },
    wording.CALL: {
        "zh-hans": (
            "请用岸边喇叭喊话：岸边的朋友，这里是{zone}，正值禁渔，您已停留{minutes}分钟，"
            "请收竿离开。江里的小鱼谢谢您。"
        ),
        "en": (
            "Please call over the bank loudspeaker: friends on the bank, fishing is banned in "
            "{zone} and you have been here {minutes} minutes. Please pack up. The fish thank you."
        ),
    },
    wording.DISSUASION: {
        "zh-hans": "{zone}：提醒后仍未离开，已停留{minutes}分钟，请派水上巡逻力量劝离。",
        "en": (
            "{zone}: the stay goes on after the reminder ({minutes} minutes). Send a river patrol "
            "to dissuade."
        ),
    },
    wording.LIFTED: {
        "zh-hans": "更正：关于{zone}停留的提醒有误，已经撤销。打扰您了，请谅解。",
        "en": (
            "Correction: the reminder about a stay in {zone} was a mistake and is withdrawn. "
            "We are sorry."
        ),
    },
}


def seed(now: datetime, by: str) -> int:
    """Publish the first words where none are; returns how many texts were published."""
    return wording.seed(FIRST_WORDS, by=by, now=now)
