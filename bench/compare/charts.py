"""Bar charts as SVG text, without a library: groups of bars, linear or logarithmic."""
import math
from xml.sax.saxutils import escape

COLOURS = ["#1f5fa8", "#6aa5dc", "#e0a100", "#f2d27c", "#b5362c", "#e59a92", "#5b8f4a", "#888888"]
WIDTH, LEFT, RIGHT, TOP, PLOT, BELOW = 1040, 70, 20, 60, 300, 50


def nice(value):
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


class Scale:
    def __init__(self, low, high, logarithmic):
        self.logarithmic = logarithmic
        self.low = 10 ** math.floor(math.log10(low)) if logarithmic else 0
        self.high = 10 ** math.ceil(math.log10(high)) if logarithmic else high * 1.1

    def y(self, value):
        part = (math.log10(value / self.low) / math.log10(self.high / self.low)) if self.logarithmic else value / self.high
        return TOP + PLOT * (1 - part)

    def ticks(self):
        if self.logarithmic:
            return [10.0 ** power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]
        step = 10 ** math.floor(math.log10(self.high))
        step = step if self.high / step >= 4 else step / 2 if self.high / step >= 2 else step / 5
        return [step * i for i in range(int(self.high / step) + 1)]


def bar_chart(title, unit, groups, series, values, logarithmic=False):
    """`values[group][series]` is a number, or None for no bar. Returns the text of an SVG file."""
    numbers = [values[group][name] for group in groups for name in series if values[group].get(name)]
    scale = Scale(min(numbers), max(numbers), logarithmic)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{TOP + PLOT + BELOW}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">{escape(title)}</text>']
    x = LEFT
    for number, name in enumerate(series):
        out.append(f'<rect x="{x}" y="31" width="11" height="11" fill="{COLOURS[number % len(COLOURS)]}"/><text x="{x + 15}" y="41">{escape(name)}</text>')
        x += 26 + int(6.3 * len(name))
    for tick in scale.ticks():
        y = scale.y(tick) if tick else TOP + PLOT
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{nice(tick)}</text>')
    out.append(f'<text x="14" y="{TOP + PLOT / 2}" transform="rotate(-90 14 {TOP + PLOT / 2})" text-anchor="middle">{escape(unit)}</text>')
    group_width = (WIDTH - LEFT - RIGHT) / len(groups)
    bar_width = min(group_width * 0.84 / len(series), 60)
    for place, group in enumerate(groups):
        middle = LEFT + group_width * (place + 0.5)
        start = middle - bar_width * len(series) / 2
        for number, name in enumerate(series):
            value = values[group].get(name)
            if not value:
                continue
            y = scale.y(value)
            left = start + bar_width * number
            out.append(f'<rect x="{left:.1f}" y="{y:.1f}" width="{bar_width - 1:.1f}" height="{max(TOP + PLOT - y, 1):.1f}" fill="{COLOURS[number % len(COLOURS)]}">'
                       f'<title>{escape(group)} {escape(name)}: {nice(value)} {escape(unit)}</title></rect>')
            if bar_width >= 30:
                out.append(f'<text x="{left + bar_width / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle" font-size="11">{nice(value)}</text>')
        out.append(f'<text x="{middle:.1f}" y="{TOP + PLOT + 18}" text-anchor="middle">{escape(group)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
