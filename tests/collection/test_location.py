from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgaze.collection.location import LocationTrack, read_location, speed_from_positions
from dashgaze.errors import DashgazeError, InputError

NOON_NS = 1_778_580_000_000_000_000
EQUATOR_DEG_M = 6_371_008.8 * np.pi / 180


def read(folder: Path, content: str | bytes, name: str = "location.csv") -> LocationTrack:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_location(path)


def unix_ns(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[arg-type,misc]


def nmea(body: str) -> str:
    return f"${body}*{reduce(xor, body.encode()):02X}"


class TestCsv:
    def test_as_the_phone_writes_it(self, tmp_path: Path) -> None:
        track = read(
            tmp_path,
            "timestamp [ns],latitude,longitude,speed [m/s],accuracy [m]\n"
            "1778571352675000001,52.3899344,13.070149,12.38,5.4\n"
            "1778571353669000000,52.3898697,13.0702909,12.05,4.3\n",
        )
        assert track.format == "csv"
        assert track.timestamp_ns.tolist() == [1778571352675000001, 1778571353669000000]
        assert track.latitude_deg.tolist() == [52.3899344, 52.3898697]
        assert track.longitude_deg.tolist() == [13.070149, 13.0702909]
        assert track.speed_m_s.tolist() == [12.38, 12.05]
        assert track.notes == ()

    @pytest.mark.parametrize(
        ("header", "row", "speed_m_s"),
        [
            ("Timestamp_ns,Lat,Lon,Speed_m_s", f"{NOON_NS},1,2,10", 10),
            ("speed (km/h),LONGITUDE [deg],latitude_deg,time [ms]", f"36,2,1,{NOON_NS // 10**6}", 10),
            ("lng;lat;speed_kmh;timestamp_s", f"2;1;36;{NOON_NS // 10**9}", 10),
            ("time\tlat\tlon\tspeed (mph)", "2026-05-12T12:00:00+02:00\t1\t2\t10", 4.4704),
            ("time,lat,lon,speed [knots]", "2026-05-12 10:00:00Z,1,2,9", 4.63),
            ("\ufeffunix time [us],lat,long,velocity [m/s]", f"{NOON_NS // 1000},1,2,10", 10),
            ('"date","time [ns]","lat","lon","speed [m/s]"', f'"x","{NOON_NS}","1","2","10"', 10),
            ("altitude,timestamp [ns],lat,lon,speed accuracy [m/s],speed [m/s]",
             f"5,{NOON_NS},1,2,0.5,10", 10),
        ],
    )  # fmt: skip
    def test_headers_of_other_loggers(
        self, tmp_path: Path, header: str, row: str, speed_m_s: float
    ) -> None:
        track = read(tmp_path, f"{header}\r\n{row}\r\n")
        assert track.timestamp_ns.tolist() == [NOON_NS]
        assert (track.latitude_deg[0], track.longitude_deg[0]) == (1, 2)
        assert track.speed_m_s[0] == pytest.approx(speed_m_s)
        assert track.notes == ()

    @pytest.mark.parametrize(
        ("stamp", "unit"), [("1778580000", "s"), ("1778580000000", "ms"), (str(NOON_NS), "ns")]
    )
    def test_units_that_the_header_leaves_out_are_noted(
        self, tmp_path: Path, stamp: str, unit: str
    ) -> None:
        track = read(tmp_path, f"timestamp,lat,lon,speed\n{stamp},1,2,10\n")
        assert track.timestamp_ns.tolist() == [NOON_NS]
        assert track.notes == (
            f"The header names no unit of time; taken as {unit} by the size of numbers.",
            "The header names no unit for speed; taken as m/s.",
        )

    def test_decimal_stamps_are_exact(self, tmp_path: Path) -> None:
        track = read(tmp_path, "time [s],lat,lon,speed [m/s]\n1778580000.123456789,1,2,3\n")
        assert track.timestamp_ns.tolist() == [NOON_NS + 123_456_789]

    def test_missing_values_are_nan(self, tmp_path: Path) -> None:
        track = read(
            tmp_path,
            "time [ns],lat,lon,speed [m/s]\n10,1,2,\n20,,,5\n30,1,2,-1\n40,1,2,nan\n50,1,2,x\n60,1,2\n",
        )
        np.testing.assert_array_equal(track.speed_m_s, [np.nan, 5, *[np.nan] * 4])
        np.testing.assert_array_equal(track.latitude_deg, [1, np.nan, 1, 1, 1, 1])

    def test_rows_that_are_no_fix_are_left_out_and_noted(self, tmp_path: Path) -> None:
        rows = [
            "1,1,2,3",
            ",1,2,3",
            "-5,1,2,3",
            "3,91,2,3",
            "4,1,181,3",
            "5,,,",
            "6,1,2,3",
            "1e30,1,2,3",
        ]
        track = read(tmp_path, "\n".join(["time [ns],lat,lon,speed [m/s]", *rows]))
        assert track.timestamp_ns.tolist() == [1, 6]
        assert track.notes == ("6 of 8 rows have no usable time or place; left out.",)

    def test_disorder_and_repeats_are_mended_and_noted(self, tmp_path: Path) -> None:
        track = read(
            tmp_path, "time [ns],lat,lon,speed [m/s]\n30,1,2,3\n10,1,2,1\n30,1,2,9\n20,1,2,2\n"
        )
        assert track.timestamp_ns.tolist() == [10, 20, 30]
        assert track.speed_m_s.tolist() == [1, 2, 3]
        assert track.notes == (
            "The fixes are not in order of time; sorted.",
            "1 fixes have the time of another one; left out.",
        )

    @pytest.mark.parametrize(
        "content",
        ["", "\n", "a,b,c\n1,2,3\n", "time [ns],lat,lon\n", "time [ns],altitude\n1,2\n",
         "time [days],lat,lon\n1,2,3\n", "lat,lon,speed [m/s]\n1,2,3\n"],
    )  # fmt: skip
    def test_what_is_no_track(self, tmp_path: Path, content: str) -> None:
        with pytest.raises(InputError, match="no fix with a time and a position or speed"):
            read(tmp_path, content)


class TestGpx:
    HEAD = '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:o="urn:x">'

    def gpx(self, *segments: str) -> str:
        body = "".join(f"<trkseg>{segment}</trkseg>" for segment in segments)
        return f"{self.HEAD}<metadata><time>2000-01-01T00:00:00Z</time></metadata><trk>{body}</trk></gpx>"

    def point(self, second: int, lon: float, inside: str = "", lat: float = 0.0) -> str:
        stamp = f"<time>2026-05-12T10:00:{second:02}Z</time>"
        return f'<trkpt lat="{lat}" lon="{lon}"><ele>200</ele>{stamp}{inside}</trkpt>'

    def test_speed_as_given(self, tmp_path: Path) -> None:
        track = read(
            tmp_path,
            self.gpx(
                self.point(0, 2.0, "<speed>3.5</speed>"),
                self.point(1, 2.1, "<extensions><o:speed>4.5</o:speed></extensions>"),
            ),
            "a.gpx",
        )
        assert track.format == "gpx"
        assert track.timestamp_ns.tolist() == [NOON_NS, NOON_NS + 10**9]
        assert track.longitude_deg.tolist() == [2.0, 2.1]
        assert track.speed_m_s.tolist() == [3.5, 4.5]
        assert track.notes == ()

    def test_speed_from_positions_within_segments(self, tmp_path: Path) -> None:
        step = 10 / EQUATOR_DEG_M  # 10 m along the equator
        track = read(
            tmp_path,
            self.gpx(
                self.point(0, 0) + self.point(1, step) + self.point(3, 4 * step),
                self.point(4, 50 * step) + self.point(6, 50 * step),
            ),
        )
        np.testing.assert_allclose(track.speed_m_s, [10, 40 / 3, 15, 0, 0], atol=1e-6)
        assert track.notes == ("The file gives no speed; computed from the positions.",)

    def test_times_with_zone_and_fraction(self, tmp_path: Path) -> None:
        points = "".join(
            f'<trkpt lat="0" lon="0"><time> {stamp} </time><speed>1</speed></trkpt>'
            for stamp in ("2026-05-12T12:00:00.25+02:00", "2026-05-12T10:00:01")
        )
        track = read(tmp_path, self.gpx(points))
        assert (track.timestamp_ns - NOON_NS).tolist() == [250_000_000, 10**9]

    def test_way_points_and_points_without_time_are_no_fixes(self, tmp_path: Path) -> None:
        way = '<wpt lat="1" lon="1"><time>2026-05-12T09:00:00Z</time></wpt>'
        content = self.gpx('<trkpt lat="3" lon="3"/>' + self.point(5, 1)).replace(
            "<trk>", way + "<trk>"
        )
        track = read(tmp_path, content)
        assert track.timestamp_ns.tolist() == [NOON_NS + 5 * 10**9]
        assert track.notes == ("1 of 2 rows have no usable time or place; left out.",)
        assert np.isnan(track.speed_m_s).all()

    @pytest.mark.parametrize(
        "dtd",
        [
            '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
            '<!DOCTYPE gpx SYSTEM "file:///etc/passwd">',
            '<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ],
    )
    def test_document_types_are_refused(self, tmp_path: Path, dtd: str) -> None:
        content = self.gpx(self.point(0, 0, "<speed>&b;</speed>")).replace("<gpx", dtd + "<gpx", 1)
        with pytest.raises(InputError, match="declares a document type"):
            read(tmp_path, content, "evil.gpx")

    @pytest.mark.parametrize(
        "content",
        [b"<gpx>", b"<gpx></trk></gpx>", b"<?xml version='1.0' encoding='martian'?><gpx/>", b"",
         b"<?xml version='1.0' encoding='utf-7'?><gpx/>", b"<gpx>\xff\xff</gpx>"],
    )  # fmt: skip
    def test_broken_xml(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(InputError, match="not well-formed GPX"):
            read(tmp_path, content, "broken.gpx")

    def test_a_real_drive(self, shared_data: Path) -> None:
        track = read_location(shared_data / "speed" / "car_visnjan.gpx")
        assert len(track.timestamp_ns) == 104
        assert track.timestamp_ns[0] == unix_ns(2020, 12, 18, 6, 15, 50)
        assert (track.latitude_deg[0], track.longitude_deg[0]) == (45.2735188510, 13.7142099626)
        # the recorder stored points 10 to 40 s apart in between: no speed is made up for these
        assert np.isnan(track.speed_m_s[:4]).all()
        assert np.isnan(track.speed_m_s).sum() == 18
        assert 13 < np.nanmax(track.speed_m_s) < 15  # a car on village roads


class TestNmea:
    RMC = "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W"

    def test_the_textbook_sentence(self, tmp_path: Path) -> None:
        assert nmea(self.RMC).endswith("*6A")
        track = read(tmp_path, nmea(self.RMC) + "\r\n", "log.nmea")
        assert track.format == "nmea"
        assert track.timestamp_ns.tolist() == [unix_ns(1994, 3, 23, 12, 35, 19)]
        assert track.latitude_deg[0] == pytest.approx(48 + 7.038 / 60)
        assert track.longitude_deg[0] == pytest.approx(11 + 31 / 60)
        assert track.speed_m_s[0] == pytest.approx(22.4 * 1852 / 3600)

    def test_south_west_fractions_and_this_century(self, tmp_path: Path) -> None:
        body = "GNRMC,100000.250,A,3330.0000,S,07030.0000,W,0.0,,120526,,,A,V"
        track = read(tmp_path, nmea(body))
        assert track.timestamp_ns.tolist() == [NOON_NS + 250_000_000]
        assert (track.latitude_deg[0], track.longitude_deg[0]) == (-33.5, -70.5)
        assert track.speed_m_s.tolist() == [0.0]

    def test_bad_sentences_are_left_out_and_counted(self, tmp_path: Path) -> None:
        good = nmea(self.RMC)
        lines = [
            "# logger 1.0",
            nmea("GPGGA,123518,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"),
            "NMEA," + good + ",1591640101000",  # as Android's GnssLogger writes it
            good.replace("4807", "4808"),
            good.partition("*")[0],
            nmea(self.RMC.replace(",A,", ",V,").replace("123519", "123520")),
            nmea("GPRMC,123521,A"),
            nmea(self.RMC.replace("123519", "123522").replace("022.4", "")),
            nmea(self.RMC.replace("123519", "253525")),
        ]
        track = read(tmp_path, "\n".join(lines))
        first = unix_ns(1994, 3, 23, 12, 35, 19)
        assert track.timestamp_ns.tolist() == [first, first + 3 * 10**9]
        np.testing.assert_allclose(track.speed_m_s, [11.523556, np.nan], atol=1e-6)
        assert track.notes == (
            "2 RMC sentences with a wrong or no checksum left out.",
            "2 RMC sentences without a valid fix left out.",
            "1 of 3 rows have no usable time or place; left out.",
        )

    def test_only_wrong_checksums(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no fix with a time"):
            read(tmp_path, f"${self.RMC}*00\n")


class TestSpeedFromPositions:
    def test_ends_long_steps_and_missing_places(self) -> None:
        seconds = np.array([0, 1, 2, 8, 9, 10, 11])
        step = 10 / EQUATOR_DEG_M
        longitude = np.array([0, 1, 3, 100, 102, np.nan, 0]) * step
        speed = speed_from_positions(seconds * 10**9, np.zeros(7), longitude)
        np.testing.assert_allclose(speed, [10, 15, 20, 20, 20, np.nan, np.nan], atol=1e-6)

    def test_across_the_date_line_and_over_the_pole(self) -> None:
        stamps = np.array([0, 10**9])
        over_line = speed_from_positions(stamps, np.zeros(2), np.array([179.999, -179.999]))
        assert over_line[0] == pytest.approx(0.002 * EQUATOR_DEG_M)
        over_pole = speed_from_positions(stamps, np.array([89.999, 89.999]), np.array([0.0, 180]))
        assert over_pole[0] == pytest.approx(0.002 * EQUATOR_DEG_M)

    def test_a_single_fix(self) -> None:
        assert np.isnan(speed_from_positions(np.array([5]), np.zeros(1), np.zeros(1))).all()


def test_files_that_are_not_there_or_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="can't be read: No such file"):
        read_location(tmp_path / "Fahrt nach Šibenik.csv")
    with pytest.raises(InputError, match="can't be read"):
        read_location(tmp_path)
    monkeypatch.setattr("dashgaze.collection.location.MAX_BYTES", 10)
    with pytest.raises(InputError, match="a location track has at most"):
        read(tmp_path, "x" * 11)


PIECES = st.sampled_from([
    b"time [ns],lat,lon,speed [m/s]\n", b"1e999999,1,2,3\n", b"nan,inf,-inf,1e308\n", b"<gpx>", b"<trkpt ",
    b"lat='1' lon='2'>", b"<time>", b"2026-05-12T10:00:00Z", b"</time>", b"</trkpt>", b"</gpx>", b"<speed>",
    b"&lt;", b"<![CDATA[", b"]]>", b"<!-- ", b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00",
    b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n", b"$GPRMC,", b"*00",
    b"\xff\xfe", b"\x00", b'"', b";", b"\n", b"9223372036854775807,1,2,3\n", b"sNaN,1,2,3\n",
])  # fmt: skip


@given(
    content=st.lists(PIECES | st.binary(max_size=12), max_size=15).map(b"".join),
    name=st.sampled_from(["a.csv", "a.gpx", "a.nmea"]),
)
@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_give_a_track_or_a_clear_error(tmp_path: Path, content: bytes, name: str) -> None:
    try:
        track = read(tmp_path, content, name)
    except DashgazeError:
        return
    assert (np.diff(track.timestamp_ns) > 0).all()
    assert len({len(track.timestamp_ns), len(track.latitude_deg), len(track.speed_m_s)}) == 1
    assert not (track.speed_m_s < 0).any()
    assert not (np.abs(track.latitude_deg) > 90).any()
