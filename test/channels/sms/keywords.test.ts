import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { compileKeywords } from '../../../src/channels/sms/keywords.ts';

describe('the keywords', () => {
  let source: string;
  before(async () => {
    source = await readFile('conf/keywords.yaml', 'utf8');
  });
  const compile = (changed: string) => compileKeywords('keywords.yaml', changed);

  it('may differ between short codes', () => {
    const own = `shortCodes:\n  '2600':\n    balance: { en: [COINS], ru: [МОНЕТЫ] }\n`;
    const keywords = compile(source.replace('shortCodes: {}', own));
    expect(keywords.forShortCode('2600').find('coins')).to.equal('balance');
    expect(keywords.forShortCode('2600').find('balance')).to.equal(undefined);
    expect(keywords.forShortCode('2600').find('help')).to.equal('help');
    expect(keywords.forShortCode('2500').find('coins')).to.equal(undefined);
  });

  it('may not stand for two commands, also when they only look the same', () => {
    expect(() => compile(source.replace('[HISTORY, HIST,', '[HISTORY, В,'))).to.throw(
      /^keywords\.yaml:\d+:\d+: default\.history\.en\[1\]: В already stands for balance$/,
    );
    expect(() => compile(source.replace('[HISTORY, HIST,', '[HISTORY, RUS,'))).to.throw(
      'the name of a language',
    );
  });

  it('are refused with file and line when a list is missing or misnamed', () => {
    expect(() => compile(source.replace('  history:', '  histroy:'))).to.throw(
      /keywords\.yaml:\d+:\d+: default/,
    );
    expect(() => compile(source.replace('    en: [HELP', '    de: [HELP'))).to.throw(
      /keywords\.yaml:\d+:\d+: default\.help/,
    );
  });
});
