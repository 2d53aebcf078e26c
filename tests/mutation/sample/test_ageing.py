from tests.mutation.sample.ageing import age, is_grown


def test_a_person_is_grown_from_eighteen_on():
    assert [age(17), age(18), age(19)] == ["child", "grown", "grown"]


def test_both_words_mean_grown():
    assert is_grown("grown")
    assert is_grown("retired")
    assert not is_grown("child")
