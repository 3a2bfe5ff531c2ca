"""Texts that are no readable YAML, or YAML with surprises: one clear line each."""

import pytest

from abscope.case.reader import read_case_text
from abscope.case.yamltext import MAX_DEPTH, read_yaml
from abscope.errors import CaseError

HEAD = "schema: abscope-case/1\nid: demo\ntitle: Demo\ndefault_missing: not_reported\n"
_BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1:1: the file is empty; expected a case with schema, id and title. "
         "Start from a template: abscope new FILE."),
        ("# nothing\n\n", "f.yaml:1:1: the file is empty"),
        ("---\n", "f.yaml:2:1: the file holds no mapping at its top level"),
        ("- a\n- b\n", "f.yaml:1:1: the file holds no mapping at its top level; expected lines "
         "'key: value' such as schema, id and title. Start from a template: abscope new FILE."),
        ("words", "f.yaml:1:1: the file holds no mapping"),
        (f"{HEAD}lesions:\n\t- id: L1\n", "f.yaml:6:1: a tab is used for layout; expected spaces. "
         "Replace every tab by two spaces."),
        (f"{HEAD}id: other\n", "f.yaml:5:1: id: key 'id' is given twice (first at line 2); "
         "expected each key once. Remove one of the two, or list the versions of one fact under "
         "'versions'."),
        (f"{HEAD}loc_note: yes\n", "f.yaml:5:11: loc_note: 'yes' can mean a word or a truth "
         "value; expected true or false, or text in quotes. Write true, or quote it: \"yes\"."),
        (f"{HEAD}loc_note: Off\n", "Write false, or quote it: \"Off\"."),
        (f"{HEAD}---\nid: b\n", "f.yaml:5:1: a second document starts here; expected one case "
         "per file. Move it to a file of its own, or remove the line '---'."),
        (f"{HEAD}loc_note: &a [*a]\n", "f.yaml:5:15: alias '*a' stands inside its own anchor: it "
         "expands without end; expected an alias of a value that ends before it. "
         "Write the value instead of the alias."),
        (f"{HEAD}loc_note: *b\n", "f.yaml:5:11: alias '*b' has no anchor; expected '&b' above."),
        (_BOMB, "more than 1000000 values; expected a file whose aliases, expanded, stay below "
         "that. Are there aliases that expand without end? Write the values instead."),
        ("[" * 100_000, f"f.yaml:1:51: values are nested more than {MAX_DEPTH} deep; expected a "
         "case, which needs about ten levels. Check the brackets and the indentation from here."),
        ("a:\n" + "".join(" " * i + "- \n" for i in range(1, 400)), "nested more than 50 deep"),
        (f"{HEAD}loc_note: .inf\n", "f.yaml:5:11: loc_note: '.inf' is no finite number; expected "
         "a number, or not reported. Write the value, or the interval it lies in, for example "
         "'> 5 mm'."),
        (f"{HEAD}loc_note: .NaN\n", "'.NaN' is no finite number"),
        (f"{HEAD}loc_note: 1e999\n", "'1e999' is no finite number"),
        (f"{HEAD}loc_note: !!python/name:os.system x\n", "f.yaml:5:11: loc_note: tag "
         "'!!python/name:os.system' is not read; expected plain values without tags. "
         "Remove the tag."),
        (f"{HEAD}loc_note: 'x\n", "f.yaml:6:1: this is no YAML: found unexpected end of stream; "
         "expected readable YAML. Close the quote or the bracket."),
        (f"{HEAD}loc_note: a: b\n", "f.yaml:5:12: this is no YAML: mapping values are not allowed "
         "in this context; expected readable YAML. Quote a text that holds ': ', and check the "
         "indentation."),
        (f"{HEAD}loc_note: @x\n", "Quote a text that starts with @, ` or %."),
        (f"{HEAD}<<: {{a: 1}}\n", "f.yaml:5:1: <<: unknown key '<<'; expected a known key. "
         "Merge keys are not read: write the values."),
        (f"{HEAD}? [a]\n: b\n", "f.yaml:5:3: a list or mapping stands where a key is due; "
         "expected a name. Quote the key."),
        (f"{HEAD}loc_note: \x07\n", "f.yaml:5:11: a character cannot be read: control characters "
         "are not allowed; expected printable text. Remove it."),
        (f"{HEAD}loc_note: \ud800\n", "f.yaml:5:11: character 84 is half of a surrogate pair; "
         "expected text that can be written as UTF-8. Remove it."),
    ],
)  # fmt: skip
def test_bad_yaml_gives_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        read_case_text(text, name="f.yaml")
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2018-04-20", "2018-04-20"), ("12:30:45", "12:30:45"), ("0x1F", "0x1F"), ("017", "017"),
        ("0o17", "0o17"), ("1_000", "1_000"), ("5", 5), ("-5", -5), ("0", 0), ("4.5", 4.5),
        (".5", 0.5), ("1e3", 1000.0), ("true", True), ("False", False), ("null", None),
        ("~", None), ("'5'", "5"), ('"yes"', "yes"), ("y", "y"), ("n", "n"), ("tRue", "tRue"),
        ("!!str 5", "5"), ("=", "="), ("not reported", "not reported"), ("9" * 400, None),
    ],
)  # fmt: skip
def test_only_plain_numbers_and_words_of_json_are_typed(written: str, value: object) -> None:
    tree = read_yaml(f"a: {written}\n", name="f.yaml")
    assert tree.root.plain["a"] == value
    assert type(tree.root.plain["a"]) is type(value)


def test_duplicate_keys_are_told_beside_other_problems() -> None:
    with pytest.raises(CaseError) as caught:
        read_case_text(f"{HEAD}lesions: [{{id: L1, id: L2, sit: lung}}]\n", name="f.yaml")
    assert [problem.path for problem in caught.value.problems] == [
        "lesions[0].id",
        "lesions[0].sit",
    ]


def test_columns_count_characters_not_bytes() -> None:
    with pytest.raises(CaseError) as caught:
        read_case_text(f"{HEAD}lesions: [{{id: L1, name: 'éé日😀', nam: x}}]\n", name="f.yaml")
    assert caught.value.problems[0].where == "f.yaml:5:34"


def test_a_byte_order_mark_and_windows_lines_are_read() -> None:
    text = "\ufeff" + HEAD.replace("\n", "\r\n")
    assert read_case_text(text, name="f.yaml").case.id == "demo"
