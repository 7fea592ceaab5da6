from flowzz.backoffice.charts import Series, Slot, line_chart, stacked_bar_chart

SLOTS = [Slot("10 h", "10 h", "/a"), Slot("11 h", "", "/b")]


def test_bars_are_stacked_and_columns_list_their_values() -> None:
    series = [Series("Criou", "good", [3, 0]), Series("Erro", "bad", [1, 0])]
    chart = stacked_bar_chart("Título", "", SLOTS, series, format_number="{:.0f}".format)
    assert [(bar.tone, bar.y, bar.height) for bar in chart.bars] == [
        ("good", "40.0", "120.0"),
        ("bad", "0.0", "40.0"),
    ]
    assert [tick.text for tick in chart.y_ticks] == ["0", "1", "2", "3", "4"]
    assert [column.label for column in chart.columns] == ["10 h: Criou 3, Erro 1", "11 h: nada"]


def test_columns_say_unit_total_and_the_value_before() -> None:
    series = [Series("Criou", "good", [3, 0]), Series("Erro", "bad", [1, 0])]
    chart = stacked_bar_chart(
        "Título",
        "",
        SLOTS,
        series,
        format_number="{:.0f}".format,
        unit="eventos",
        has_total=True,
        previous=Series("Período anterior", "previous", [8, 2]),
    )
    assert [column.label for column in chart.columns] == [
        "10 h (eventos): Criou 3, Erro 1, total 4, período anterior 8",
        "11 h (eventos): período anterior 2",
    ]
    assert chart.columns[0].tooltip.split("\n") == [
        "10 h (eventos)",
        "good\tCriou\t3",
        "bad\tErro\t1",
        "\ttotal\t4",
        "previous\tperíodo anterior\t8",
    ]
    assert [(line.y, line.y2) for line in chart.previous_lines] == [("0.0", "120.0")]
    assert [tick.text for tick in chart.y_ticks] == ["0", "2", "4", "6", "8"]


def test_line_has_a_gap_where_nothing_was_measured() -> None:
    series = [Series("p50", "good", [0.1, None])]
    chart = line_chart(
        "Título", "", SLOTS, series, format_number="{:g} s".format, ticks=(0.01, 1, 100)
    )
    assert (len(chart.lines), len(chart.dots)) == (0, 1)
    assert chart.dots[0].y == "80.0"
    assert [tick.text for tick in chart.y_ticks] == ["0.01 s", "1 s"]
