import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { parseMenu } from '../../../src/channels/ussd/menu-file.ts';

describe('a menu file', () => {
  let source: string;
  before(async () => {
    source = await readFile('conf/menus/main.yaml', 'utf8');
  });
  const mistakesOf = (from: string | RegExp, to: string): string => {
    const changed = source.replace(from, to);
    expect(changed).not.to.equal(source);
    try {
      parseMenu(changed, 'main.yaml');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('may only open screens that exist', () => {
    expect(mistakesOf('open: transfer_to', 'open: transfer_too')).to.match(
      /^main\.yaml:\d+:\d+: screens\.home\.items\[2\]\.open: there is no screen transfer_too$/,
    );
    expect(mistakesOf('then: transfer_points', 'then: nowhere')).to.contain('there is no screen nowhere');
    expect(mistakesOf("'*100#': home", "'*100#': hone")).to.contain('there is no screen hone');
  });

  it('may not use a key twice, nor one that moves between pages', () => {
    expect(mistakesOf("key: '2', label: { en: Cat", "key: '1', label: { en: Cat")).to.contain(
      'key 1 is used twice',
    );
    for (const key of ['0', '00', '99', 'a']) {
      expect(mistakesOf("key: '2', label: { en: Cat", `key: '${key}', label: { en: Cat`), key).to.match(
        /^main\.yaml:\d+/,
      );
    }
  });

  it('needs every language and known commands', () => {
    expect(mistakesOf('{ en: Balance, ru: Баланс }', '{ en: Balance }')).to.match(/^main\.yaml:\d+/);
    expect(mistakesOf('run: balance', 'run: ballance')).to.match(/^main\.yaml:\d+/);
    expect(mistakesOf("'*100#'", "'100'")).to.match(/^main\.yaml:\d+/);
  });
});
