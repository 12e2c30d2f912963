/* The server does not answer: says so on top of the page, asks again ever more slowly, and tells when it is back. */
import { el, fill, style } from './dom.js';
import { t } from './strings.js';

const FIRST_MS = 1000, LONGEST_MS = 30000, CALM_MS = 60000;
let isDown = false, delayMs = FIRST_MS, upSince = 0;
let recovered = () => {}, isLame = false;

export function onRecovered(callback) {
	recovered = callback;
}

export function down() {
	if (isDown)
		return;
	isDown = true;
	if (Date.now() - upSince > CALM_MS)
		delayMs = FIRST_MS;
	fill(document.getElementById('away'), el('p', { class: 'notice bad', role: 'alert' }, t('away.down')));
	setTimeout(probe, delayMs);
}

/*
 * A module that is fetched when it is first needed, with the style of all that is not on the first page.  A browser may
 * remember for as long as the page lives that it did not come; so the page is loaded again when the server is back.
 */
export async function module(load) {
	try {
		return (await Promise.all([load(), style('pages.css')]))[0];
	} catch {
		isLame = true;
		down();
		throw new Error(t('error.away'));
	}
}

async function probe() {
	try {
		if (!(await fetch('health', { cache: 'no-store', signal: AbortSignal.timeout(10000) })).ok)
			throw new Error('not well');
	} catch {
		delayMs = Math.min(2 * delayMs, LONGEST_MS);
		setTimeout(probe, delayMs);
		return;
	}
	isDown = false;
	upSince = Date.now();
	delayMs = Math.min(2 * delayMs, LONGEST_MS);
	fill(document.getElementById('away'));
	if (isLame)
		location.reload();
	else
		recovered();
}
