import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { loadTexts } from '../../src/channels/texts/texts.ts';
import { REFUSAL_CODES, type RefusalCode } from '../../src/errors.ts';

describe('docs/refusals.md', () => {
  it('lists every code in order, with what the subscriber reads', async () => {
    const page = await readFile('docs/refusals.md', 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z_]+)` *\|(.*)\|$/gm)].map((row) => ({
      code: row[1] as RefusalCode,
      cells: row[2]!.split('|').map((cell) => cell.trim()),
    }));
    expect(rows.map(({ code }) => code)).to.deep.equal([...REFUSAL_CODES]);
    const texts = loadTexts('conf/texts');
    for (const { code, cells } of rows) {
      const [meaning, , english, russian] = cells;
      expect(meaning, code).not.to.equal('');
      expect(english, code).to.equal(texts.say(`refused.${code}`, 'en'));
      expect(russian, code).to.equal(texts.say(`refused.${code}`, 'ru'));
    }
  });
});
