/* Files from the API: CSV, all its pages as one, with the mark by which a spreadsheet knows UTF-8; and pages to print. */
import { el, fill, notice } from './dom.js';
import { getCsv, getText, query } from './api.js';
import { t } from './strings.js';

function save(parts, type, name, problem) {
	const url = URL.createObjectURL(new Blob(parts, { type })), link = el('a', { href: url, download: name });

	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 60000);
	fill(problem, notice('good', t('csv.done', { name })));
}

export async function downloadPage(path, name, problem) {
	try {
		save([await getText(path, 'text/html')], 'text/html', name, problem);
	} catch (error) {
		fill(problem, notice('bad', error.message));
	}
}

/* cursor: the name of the parameter that takes X-Next-Cursor.  What goes wrong is shown in `problem`. */
export async function download(path, values, name, problem, cursor = 'cursor') {
	const pages = [];
	let next = null;

	try {
		do {
			const page = await getCsv(path + query({ ...values, [cursor]: next }));
			pages.push(pages.length ? page.text.slice(page.text.indexOf('\n') + 1) : page.text);
			next = page.next;
		} while (next);
	} catch (error) {
		fill(problem, notice('bad', error.message));
		return;
	}
	save(['\ufeff', ...pages], 'text/csv', name, problem);
}
