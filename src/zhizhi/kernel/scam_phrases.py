"""TrickPhrases by which tricks give themselves away, and how many of a trick a text must have.

Written from what police and press publish about the tricks; none is taken from a collection. A
phrase of the first line of a trick is enough alone, of those of the second two are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.native import lean, native
from zhizhi.kernel.unmasking import Unmasked, bisected, unmasked

ENOUGH = 2
_HEARD_FROM = 3  # shorter phrases must be written as they are: too many words sound like them

TYPOLOGIES = {
    "brushing": (
        "刷单 刷信誉 做任务返佣 垫付返 点赞返现",
        "兼职 日结 佣金 在家可做 动动手指 返利",
    ),
    "refund": (
        "双倍赔付 丢件理赔 关闭百万保障 误开会员",
        "理赔 退款 取消会员 赔付 快递丢失",
    ),
    "investment": (
        "稳赚不赔 内幕消息 保本高收益 带单老师",
        "高收益 导师 翻倍 涨停 牛股 跟单 加群",
    ),
    "loan": (
        "无视征信 黑户可贷 无抵押贷款 先交解冻费",
        "低利息 秒到账 放款 解冻费 会员费 贷款",
    ),
    "credit": (
        "注销校园贷 征信修复 清空贷款额度",
        "征信 注销账户 校园贷 影响信用 银监会",
    ),
    "shopping": (
        "私下交易 加微信下单",
        "内部价 低价转让 代购 交押金 缴纳定金",
    ),
    "police": (
        "涉嫌洗钱 安全账户 资金清查 电子逮捕令",
        "公安局 检察院 逮捕令 通缉 涉案 配合调查 保密",
    ),
    "acquaintance": (
        "我是你领导 帮我转账 来我办公室 我换号了",
        "新号码 急用钱 先垫上 别告诉 方便转",
    ),
    "games": (
        "解除防沉迷 游戏账号解冻",
        "皮肤 游戏币 低价充值 防沉迷 领装备",
    ),
    "romance": (
        "带你投资 带你赚钱",
        "缘分 单身 寂寞 真心交友 投资平台",
    ),
    "vice": (
        "裸聊 同城约会",
        "上门服务 激情 视频群发 通讯录",
    ),
    "army": (
        "部队采购 代购军用",
        "部队 采购 供货商 垫资 食堂",
    ),
    "flight": (
        "航班取消 退改签",
        "改签 机械故障 延误补偿 航空客服",
    ),
    "account_resale": (
        "收微信号 收支付宝 出售实名 租账号 账号开盲盒",
        "账号回收 实名号 找回密码 高价收号",
    ),
    "mule": (
        "跑分 收银行卡 收电话卡 银行卡四件套",
        "走流水 抽成 对公账户 日赚",
    ),
    "phishing": (
        "积分兑换现金 密码器失效 银行卡冻结 手机银行过期",
        "登录网 点击链接 逾期失效 实名认证 升级",
    ),
    "prize": (
        "恭喜中奖 被抽中为 幸运用户",
        "中奖 奖金 公证处 所得税 栏目组",
    ),
}


@dataclass(frozen=True, slots=True)
class TrickPhrases:
    """All phrases as symbols and sounds, ordered by how they begin."""

    first: NDArray[np.uint32]
    symbol: NDArray[np.uint32]
    sound: NDArray[np.uint32]
    begin: NDArray[np.int64]
    typology: NDArray[np.int64]
    strength: NDArray[np.int64]


@cache
def phrases() -> TrickPhrases:
    """Return the phrases of all typologies."""
    told = []
    for number, written in enumerate(TYPOLOGIES.values()):
        for strength, part in zip((ENOUGH, 1), written, strict=True):
            told += [(phrase, number, strength) for phrase in part.split()]
    read = unmasked([phrase for phrase, _number, _strength in told])
    order = np.argsort(read.sound[read.begin[:-1]], kind="stable")
    told = [told[n] for n in order]
    read = unmasked([phrase for phrase, _number, _strength in told])
    return TrickPhrases(
        first=read.sound[read.begin[:-1]],
        symbol=read.symbol,
        sound=read.sound,
        begin=read.begin,
        typology=np.array([number for _phrase, number, _strength in told]),
        strength=np.array([strength for _phrase, _number, strength in told]),
    )


def phrase_scores(read: Unmasked) -> NDArray[np.int64]:
    """Return for each text how strongly the phrases of each typology are in it."""
    known = phrases()
    tables = (
        known.first, known.symbol, known.sound, known.begin, known.typology, known.strength,
    )  # fmt: skip
    found: NDArray[np.int64] = _found(read.symbol, read.sound, read.begin, tables, len(TYPOLOGIES))
    return found


@native
def _found(symbol: Any, sound: Any, begin: Any, known: Any, count: int) -> Any:
    first, typology, strength = known[0], known[4], known[5]
    score = np.zeros((len(begin) - 1, count), np.int64)
    last = np.full(len(first), -1, np.int64)  # the text in which each phrase was found last
    for row in range(len(begin) - 1):
        for at in range(begin[row], begin[row + 1]):
            one = bisected(first, sound[at])
            while one < len(first) and first[one] == sound[at]:
                if last[one] != row and _stands(symbol, sound, at, begin[row + 1], one, known):
                    last[one] = row
                    score[row, typology[one]] += strength[one]
                one += 1
    return score


@lean
def _stands(symbol: Any, sound: Any, at: int, end: int, one: int, known: Any) -> bool:
    since, until = known[3][one], known[3][one + 1]
    length = until - since
    if at + length > end:
        return False
    for k in range(length):
        if sound[at + k] != known[2][since + k]:
            return False
        if length < _HEARD_FROM and symbol[at + k] != known[1][since + k]:
            return False
    return True
