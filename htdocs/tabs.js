/*
 * The tabs of one browser share a session.  A new tab is given the credential by one that is open, so nothing is stored on the
 * disk, and it is gone when the last tab is closed.  A sign-out reaches all of them.  Only pages of this origin hear the channel.
 */
import { HERE, kept } from './session.js';

const WAIT_MS = 300;	/* for the first answer; a tab that is not there gives none */
export const TOLD_MS = 10000;	/* the same if one has said that it is there; it may still be busy with its page */
const OTHERS_MS = 50;	/* then for those of more tabs */
const channel = new BroadcastChannel(`daybook ${HERE}`);
let leftAt = 0;

addEventListener('blur', () => { leftAt = Date.now(); });

/* Answers other tabs.  onSignOut(mark) is called when another one has signed out. */
export function joinTabs(onSignOut) {
	channel.addEventListener('message', ({ data }) => {
		const mine = data.asks && kept();
		if (mine)
			channel.postMessage({ answers: data.asks, ...mine, usedAt: document.hasFocus() ? Date.now() : leftAt });
		if (data.signedOut)
			onSignOut(data.signedOut);
	});
}

/* What the tab that was used last has kept(), from which this one was probably opened; null if no tab has a credential. */
export function askTabs(waitMs = WAIT_MS) {
	const asks = crypto.getRandomValues(new Uint32Array(4)).join('-');

	return new Promise(resolve => {
		let best = null;
		const end = () => {
			channel.removeEventListener('message', listen);
			resolve(best);
		};
		const listen = ({ data }) => {
			if (data.answers !== asks)
				return;
			if (best === null)
				setTimeout(end, OTHERS_MS);
			if (best === null || data.usedAt > best.usedAt)
				best = data;
		};

		channel.addEventListener('message', listen);
		channel.postMessage({ asks });
		setTimeout(() => best === null && end(), waitMs);
	});
}

/* For the tabs that wait for a sign-in, as soon as this one can answer them; however it came to its credential. */
export const tellSignedIn = () => channel.postMessage({ signedIn: true });
export const tellSignedOut = mark => channel.postMessage({ signedOut: mark });

/* Calls back when another tab has signed in, until the function that it gives is called. */
export function onSignedInElsewhere(callback) {
	const listen = ({ data }) => { if (data.signedIn) callback(); };

	channel.addEventListener('message', listen);
	return () => channel.removeEventListener('message', listen);
}
