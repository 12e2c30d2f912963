/* #audit: who changed what, newest first. */
import { download } from './download.js';
import { el, fill, notice, renew } from './dom.js';
import { table } from './table.js';
import { get, query } from './api.js';
import { moment } from './format.js';
import { session } from './session.js';
import { t } from './strings.js';

const PAGE = 50;

/* {"a":1,"b":{"c":2}} as "a: 1, b.c: 2" */
function words(value, name = '') {
	if (value !== null && typeof value === 'object')
		return Object.entries(value).map(([k, v]) => words(v, name ? `${name}.${k}` : k)).join(', ');
	return `${name}: ${value === null ? t('none') : value}`;
}

export async function open(place) {
	const path = `api/organizations/${encodeURIComponent(session.organizationId)}/audit`, list = el('div', {}), problem = el('div', {});
	const more = el('button', { type: 'button', hidden: true, onclick: () => {
		pages++;
		load().then(() => fill(problem), error => fill(problem, notice('bad', error.message)));
	} }, t('more'));
	let pages = 1;

	async function load() {
		const all = [];
		let before = null;
		for (let page = 0; page < pages && (page === 0 || before !== null); page++) {
			const { data } = await get(path + query({ limit: PAGE, before }));
			all.push(...data.entries);
			before = data.next;
		}
		renew(list, all, () => all.length ? table(t('menu.audit'), [{ head: t('audit.at') }, { head: t('audit.action') }, { head: t('audit.by') },
			{ head: t('audit.detail') }], all.map(e => [moment(e.at), e.action, el('code', {}, e.credential), words(e.detail)]))
			: notice('plain', t('audit.none')));
		more.hidden = before === null;
	}

	fill(place, el('div', { class: 'toolbar' }, el('h1', { tabindex: -1 }, t('menu.audit')), el('div', { class: 'buttons' },
		el('button', { type: 'button', class: 'quiet', onclick: () => download(path, { limit: 200 }, 'audit.csv', problem, 'before') }, t('csv')))),
	problem, list, el('p', {}, more));
	await load();
	return { refresh: load };
}
