/* Who used it: messages, parts and cost by one of the words of the API, or by two, as a table and a file. */
import { monthOf } from './civil.js';
import { channelName, moment, money, number, shortDate } from './format.js';
import { download } from './download.js';
import { el, fill, notice } from './dom.js';
import { field, form, refuse } from './form.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { session } from './session.js';
import './page_strings.js';
import { t } from './strings.js';

const WORDS = ['tag', 'sender', 'network', 'source', 'campaign', 'channel', 'day', 'hour'], ROWS_MAX = 500;

/* A value as people read it; what the events do not say has a word of its own. */
function shown(word, value) {
	if (value === null || value === '')
		return el('em', { class: 'quiet-text' }, t('who.none'));
	return word === 'channel' ? channelName(value) : word === 'day' ? shortDate(value) : word === 'hour' ? moment(value) : el('bdi', {}, value);
}

function result({ by, total, groups }) {
	if (!groups.length)
		return notice('plain', t('who.nothing'));
	const figures = g => [number(g.messages), number(g.parts), money(g.cost)];

	return [table(t('who.title'), [...by.map(word => ({ head: t(`who.${word}`) })), { head: t('usage.count'), number: true },
		{ head: t('who.parts'), number: true }, { head: t('usage.costOf'), number: true }],
	[...groups.slice(0, ROWS_MAX).map(g => [...by.map(word => shown(word, g[word])), ...figures(g)]),
		[t('who.total'), ...by.slice(1).map(() => ''), ...figures(total)]]),
	groups.length > ROWS_MAX ? el('p', { class: 'quiet-text' }, t('who.more', { n: ROWS_MAX, all: groups.length })) : null];
}

/* The form, and below it what it found. */
export function who() {
	const date = value => el('input', { type: 'date', required: true, value });
	const choice = (none, chosen) => el('select', {}, none ? el('option', { value: '' }, t('who.nomore')) : null,
		WORDS.map(word => el('option', { value: word, selected: word === chosen }, t(`who.${word}`))));
	const from = date(monthOf(session.today) + '-01'), to = date(session.today), first = choice(false, 'tag'), second = choice(true);
	const said = el('div', {}), found = el('div', {});
	const asked = () => ({ from: from.value, to: to.value, by: [first.value, second.value !== first.value && second.value].filter(Boolean).join(',') });

	return [form({ class: 'card' }, async node => {
		try {
			fill(found, result((await get('api/usage' + query(asked()))).data));
			fill(said);
		} catch (error) {
			fill(found);
			refuse(node, said, error);
		}
	}, el('p', { class: 'quiet-text' }, t('who.about')), el('div', { class: 'row' }, field(t('who.from'), from, null, 'from'), field(t('who.to'), to, null, 'to'),
		field(t('who.by'), first, null, 'by'), field(t('who.and'), second), el('button', {}, t('who.show')),
		el('button', { type: 'button', class: 'quiet', onclick: () => download('api/usage', asked(), `usage-by-${asked().by.replace(',', '-')}.csv`, said) },
			t('who.csv'))), said), found];
}
