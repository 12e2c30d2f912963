/* Months as stacked channels, and what they cost as a line, by Chart.js. */
import './lib/chart.js';
import { channelName, money, number, shortMonth } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

const COLOURS = ['#2f6fbf', '#d9822b', '#3a9a6a', '#8e6bbf', '#c2506b', '#4aa3b5', '#9a8a3a', '#5b7083', '#b06fae'];

/* Needs its own page style for text and lines, which are those of the colour scheme. */
export function draw(canvas, items, channels) {
	const style = getComputedStyle(document.body);
	const ink = style.getPropertyValue('--ink-2').trim(), line = style.getPropertyValue('--line').trim();
	const { Chart } = globalThis;
	/* The line is dashed; its box in the legend is not. */
	const generateLabels = chart => Chart.defaults.plugins.legend.labels.generateLabels(chart).map(l => ({ ...l, lineDash: [] }));

	Chart.defaults.font.family = style.fontFamily;
	Chart.defaults.color = ink;
	return new Chart(canvas, {
		data: {
			labels: items.map(i => shortMonth(i.yearMonth)),
			datasets: [
				{ type: 'line', label: t('usage.costAll'), yAxisID: 'cost', data: items.map(i => i.totalCost), borderColor: style.getPropertyValue('--ink').trim(),
					backgroundColor: style.getPropertyValue('--ink').trim(), borderWidth: 2, pointRadius: 2, tension: 0, borderDash: [5, 3] },
				...channels.map((c, i) => ({ type: 'bar', label: channelName(c), data: items.map(m => m.channelUsages[c] || 0), stack: 'all',
					backgroundColor: COLOURS[i % COLOURS.length], maxBarThickness: 36 })),
			],
		},
		options: {
			animation: false, maintainAspectRatio: false, interaction: { mode: 'index', intersect: false },
			scales: {
				x: { stacked: true, grid: { display: false } },
				y: { stacked: true, beginAtZero: true, grid: { color: line }, title: { display: true, text: t('usage.count') },
					ticks: { callback: v => number(v), precision: 0 } },
				cost: { position: 'right', beginAtZero: true, grid: { display: false }, title: { display: true, text: t('usage.costAll') },
					ticks: { callback: v => money(v) } },
			},
			plugins: {
				legend: { position: 'bottom', labels: { boxWidth: 12, generateLabels } },
				tooltip: { callbacks: { label: c => `${c.dataset.label}: ${c.dataset.yAxisID === 'cost' ? money(c.raw) : number(c.raw)}` } },
			},
		},
	});
}
