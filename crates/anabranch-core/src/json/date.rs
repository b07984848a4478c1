//! Dates as ECMAScript writes them: proleptic Gregorian, milliseconds, expanded years.

const DAY_MS: i64 = 86_400_000;

/// The date in ISO 8601, as `Date.prototype.toISOString` writes it.
pub fn date_to_iso(ms: i64) -> String {
    let (days, in_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil_from_days(days);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        year => format!("{}{:06}", if year < 0 { '-' } else { '+' }, year.abs()),
    };
    let (hour, minute, second, milli) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1000 % 60, in_day % 1000);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads what [`date_to_iso`] writes; `None` for anything else.
pub fn iso_to_date(text: &str) -> Option<i64> {
    let (year, rest) = match text.as_bytes().first()? {
        b'+' | b'-' => text.split_at_checked(7)?,
        _ => text.split_at_checked(4)?,
    };
    let digits =
        |from: usize, to: usize| rest.get(from..to).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |from, to| digits(from, to)?.parse::<i64>().ok();
    let days = days_from_civil(year.parse().ok()?, number(1, 3)?, number(4, 6)?);
    let in_day = number(7, 9)? * 3_600_000 + number(10, 12)? * 60_000 + number(13, 15)? * 1000 + number(16, 19)?;
    let ms = days.checked_mul(DAY_MS)?.checked_add(in_day)?;
    (date_to_iso(ms) == text).then_some(ms)
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The same, `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_javascript_writes_them_and_come_back() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z"),
            (-8_640_000_000_000_000, "-271821-04-20T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ];
        for (ms, iso) in cases {
            assert_eq!(date_to_iso(ms), iso);
            assert_eq!(iso_to_date(iso), Some(ms));
        }
        assert_eq!(iso_to_date("2001-02-29T00:00:00.000Z"), None);
        assert_eq!(iso_to_date("nonsense"), None);
    }
}
