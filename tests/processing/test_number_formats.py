"""Numbers and dates as spreadsheets show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.texts.number_formats import BUILT_IN, shown

DAY = 45366  # 15 March 2024


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (1234.5, "General", "1234.5"),
        (0.30000000000000004, "General", "0.3"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (0.256, "0%", "26%"),
        (-5, "0.00", "-5.00"),
        (-5, "0.00;(0.00)", "(5.00)"),
        (0, '0;-0;"zero"', "zero"),
        (DAY, "yyyy-mm-dd", "2024-03-15"),
        (DAY, "m/d/yyyy", "3/15/2024"),
        (DAY + 0.75, "m/d/yyyy h:mm AM/PM", "3/15/2024 6:00 PM"),
        (DAY + 0.75, "dd.mm.yyyy hh:mm", "15.03.2024 18:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, "#,##0.00 [$€-407]", "1,234.50 €"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (123456789, "000-00-0000", "123-45-6789"),
        (12345, "0.00E+00", "1.23E+04"),
        (0.5, "# ?/?", "1/2"),
        (3.25, "# ?/?", "3 1/4"),
        (42, "00000", "00042"),
        (1234567, "#,##0,", "1,235"),
        (1234567, '0.0,,"M"', "1.2M"),
        (5, '"No. "0', "No. 5"),
        (5, '0" kg"', "5 kg"),
        (DAY, "d mmmm yyyy", "15 March 2024"),
        (DAY, "dddd, mmmm dd, yyyy", "Friday, March 15, 2024"),
        (0.5, "0.##", "0.5"),
        (5, "0.##", "5."),
        (1000, "#,##0", "1,000"),
        (0, "#,##0", "0"),
        (12, "#", "12"),
        (5, '[>=100]"big";[<100]"small"', "small"),
        (1000000000000000.0, "General", "1E+15"),
        (123456789012, "General", "1.23457E+11"),
        (DAY + 0.5, "[$-409]mmm d, yyyy", "Mar 15, 2024"),
        (1234.567, "_-* #,##0.00 €_-", "1,234.57 €"),
        (0.12345, "0.00%", "12.35%"),
        (2.5, "0", "3"),
        (-0.5, "0", "-1"),
        (1462, "yyyy-mm-dd", "1904-01-01"),
        (1e-07, "General", "0.0000001"),
        (1234567, "# ##0", "1234 567"),
        (5551234567, "(000) 000-0000", "(555) 123-4567"),
        (45366.123456, "mm:ss.0", "57:46.6"),
    ],
)
def test_a_number_is_shown_as_its_format_says(value: float, code: str, expected: str) -> None:
    assert shown(value, code) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "1904-01-01"), (DAY - 1462, "2024-03-15")])
def test_dates_count_from_1904_too(value: float, expected: str) -> None:
    assert shown(value, "yyyy-mm-dd", since_1904=True) == expected


@pytest.mark.parametrize("code", BUILT_IN.values())
def test_every_built_in_format_shows_something(code: str) -> None:
    assert shown(DAY + 0.5, code)


@given(st.floats(), st.text(alphabet='0#?.,;/%E+-@[]<>=hmsyd"\\_*AM/P $€' + "General", max_size=30))
def test_any_format_shows_any_number(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)
