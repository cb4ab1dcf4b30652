"""Telegrams of the public OpenProtocolInterpreter project's tests (TestMid0061, 0065, 0101, 0071, 0076, 0002, 0004,
0005; the real one is that of revision 2, an ETV ST61) and of the MTF 6000 manual."""

from __future__ import annotations

RESULT_1 = (
    b"02310061001         010001020103airbag7                  04KPOL3456JKLO897          0500060030700000"
    b"80000090100111120008401300140014001200150007391600000170999918000001900000202001-06-02:09:54:0921200"
    b"1-05-29:12:34:33221230000345675\0"
)
RESULT_2 = (
    b"03850061002         010000020003RA ST6.2 ETV100          04                         0500000600107020"
    b"8000670900001000001101221301401501611711811912000000081942100340022004600230040002400050525000202600"
    b"4202700000280000029001003000850310000432000331503400035000000369999003700000038000000390000004000000"
    b"04100001848874200000430000044      C0761275452020-06-25:01:04:39462020-06-24:10:48:53\0"
)
TAIL_3 = b"47Test Parameter Set       482490%d"
TAIL_4 = b"50Identifier result part 2 51Identifier result part 3 52Identifier result part 4 "
TAIL_6 = b"53E12454001500550000000042"
OLD_1 = (
    b"01180065001         01012345678902AIRBAG                   03001040002050060070080014670900046102001"
    b"-04-22:14:54:34112\0"
)
OLD_2 = (
    b"02260065002         01012345678902AIRBAG                   03000104002051006009380700000800000901001"
    b"1112013214115016217118000004189819001000200036021002502200223000215240010252500012266553527ABCDEFG-1"
    b"23   282019-01-05:09:00:05\0"
)
MULTI_1 = (
    b"02100101001         010202BM3GA02111900601         0303040030500010600010710800068009000920100008001"
    b"10000012000151300000142019-11-14:14:08:05152019-11-25:11:22:4116009131711801011100080910000002011100"
    b"0809100000\0"
)
PRESS_4 = MULTI_1[:-1].replace(b"02100101001", b"02150101004", 1) + b"19002\0"
ALARM_1 = b"00530071001         01E851021031042017-12-01:20:12:45\0"
ALARM_2 = (
    b"01060071002         01E1021021031042017-12-01:20:12:4505Alarm Text                                        \0"
)
ALARM_STATUS = b"00570076002         01102 E851031041052017-01-25:10:20:20\0"
STARTED = b"00570002001         010001020103Airbag1                  \0"
REFUSED = b"00260004            001802\0"
ACCEPTED = b"00240005            0018\0"
ALIVE = b"00209999            \0"


def longer(result: bytes, revision: int, *tails: bytes) -> bytes:
    body = result[:-1] + b"".join(tails)
    return b"%04d" % len(body) + body[4:8] + b"%03d" % revision + body[11:] + b"\0"


RESULT_3 = longer(RESULT_2, 3, TAIL_3 % 5)
RESULT_6 = longer(RESULT_2, 6, TAIL_3 % 1, TAIL_4, TAIL_6)
RESULT_7 = longer(RESULT_2, 7, TAIL_3 % 1, TAIL_4, TAIL_6, b"560000525570005250")


def result(number: int, minute: int = 0, mid: bytes = b"0061") -> bytes:
    """A tightening of revision 1 with an id and a minute of its own."""
    body = RESULT_1 if mid == b"0061" else OLD_1
    if mid == b"0061":
        body = body.replace(b"0000345675", b"%010d" % number).replace(b"09:54:09", b"09:%02d:09" % minute)
    else:
        body = body.replace(b"0123456789", b"%010d" % number)
        body = body.replace(b"2001-04-22:14:54:34", b"2001-06-02:09:%02d:09" % minute)
    return body
