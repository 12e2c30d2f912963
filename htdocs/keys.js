/* API keys: made, shown once, revoked. */
import { confirm } from './dialog.js';
import { el, fill, hidden, notice, sentence, together } from './dom.js';
import { field, form, refuse } from './form.js';
import { table } from './table.js';
import { get, send } from './api.js';
import { may, serverNow } from './session.js';
import { dateTime, shortDate } from './format.js';
import './page_strings.js';
import { t } from './strings.js';

/* A date and a time, each of which stays in one line. */
const when = iso => dateTime(iso).map((part, i) => [i ? ' ' : null, together(part)]);

const SCOPES = ['usage:read', 'usage:write', 'usage:backfill', 'campaigns:write', 'org:admin'];

export async function keys(path) {
	const list = el('div', { class: 'list' }), said = el('div', {}), problem = el('div', {}), name = el('input', { maxlength: 100, required: true, dir: 'auto' });
	const until = el('input', { type: 'date' });
	const boxes = SCOPES.filter(may).map(s => ({ scope: s, box: el('input', { type: 'checkbox', checked: s === 'usage:read' }) }));

	async function revoke(key) {
		if (!await confirm(sentence('keys.revoke.sure', { name: key.name || key.id }), t('keys.revoke.what'), t('keys.revoke'), t('keys.leave')))
			return;
		try {
			await send('DELETE', `${path}/api-keys/${encodeURIComponent(key.id)}`);
			fill(said, notice('good', sentence('keys.revoked', { name: key.name || key.id })));
			await load();
		} catch (error) {
			fill(said, notice('bad', error.message));
		}
	}

	/* Revoked, expired, or what revokes it. */
	function state(k) {
		if (k.revokedAt)
			return [t('keys.revoked.at'), ' ', when(k.revokedAt)];
		if (k.expiresAt && Date.parse(k.expiresAt) <= serverNow())
			return t('keys.expired');
		return el('button', { type: 'button', class: 'danger small', onclick: () => revoke(k) }, t('keys.revoke'), hidden(` ${k.name || k.id}`));
	}

	async function load() {
		const { data } = await get(`${path}/api-keys`);
		fill(list, data.apiKeys.length ? table(t('keys.title'), [{ head: t('keys.name') }, { head: t('keys.scopes') }, { head: t('keys.made') },
			{ head: t('keys.used') }, { head: t('keys.expires') }, { head: t('keys.state') }],
		data.apiKeys.map(k => [el('bdi', {}, k.name || String(k.id)), k.scopes.join(' '), when(k.createdAt), k.lastUsedAt ? together(shortDate(k.lastUsedAt.slice(0, 10))) : t('keys.never'),
			k.expiresAt ? when(k.expiresAt) : t('keys.never'), state(k)]))
			: el('p', { class: 'empty' }, t('keys.none')));
	}

	/* Shown until the page is left; nobody can show it again. */
	function showOnce(made) {
		const secret = el('input', { readonly: true, class: 'code', value: made.secret, onfocus: event => event.target.select() });

		fill(said, notice('good', el('p', {}, t('keys.once')), field(t('keys.secret'), secret)));
		secret.focus();
	}

	await load();
	return el('section', { class: 'card', 'aria-label': t('keys.title') }, el('h2', {}, t('keys.title')), el('p', { class: 'quiet-text' }, t('keys.about')),
		list, form({ class: 'last' }, async node => {
			try {
				showOnce((await send('POST', `${path}/api-keys`, { name: name.value, scopes: boxes.filter(b => b.box.checked).map(b => b.scope),
					expiresAt: until.value ? `${until.value}T23:59:59.999Z` : null })).data);
				node.reset();
				await load();
			} catch (error) {
				refuse(node, problem, error);	/* the key that is shown stays */
			}
		}, field(t('keys.name'), name, null, 'name'), el('fieldset', {}, el('legend', {}, t('keys.scopes')), el('div', { class: 'row' }, boxes.map(b =>
			el('label', { class: 'check' }, b.box, ' ', b.scope)))), field(t('keys.until'), until, t('keys.until.hint'), 'expiresAt'),
		el('p', {}, el('button', {}, t('keys.make'))), problem), said);
}
