import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { loadManifest } from '../../../simulators/freeswitch/manifest.ts';
import { filesNamed, loadScript, parseScript } from '../../../src/channels/ivr/load-script.ts';
import { spokenFiles } from '../../../src/channels/ivr/sounds.ts';
import { ConfigError } from '../../../src/runtime/config/problem.ts';

const FILE = 'conf/ivr/main.yaml';
const SHIPPED = readFileSync(FILE, 'utf8');

/** The problems of the shipped script with one text replaced. */
function problems(from: string | RegExp, to: string): readonly string[] {
  const text = SHIPPED.replace(from, to);
  expect(text, 'the replacement took').not.to.equal(SHIPPED);
  try {
    parseScript(text, FILE);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

function lineOf(text: string): number {
  return SHIPPED.slice(0, SHIPPED.indexOf(text)).split('\n').length;
}

describe('the shipped call script', () => {
  it('is valid and speaks every language in full', async () => {
    const { script, warnings } = await loadScript(FILE);
    expect(warnings).to.deep.equal([]);
    expect(Object.keys(script.menus)).to.include(script.start);
  });

  it('names only recordings whose words are listed, and every listed one can be used', async () => {
    const manifest = await loadManifest('conf/ivr');
    const { script } = await loadScript(FILE);
    const named = new Set(filesNamed(script).map(({ language, file }) => `${language}/${file}`));
    expect([...named].filter((file) => manifest[file] === undefined)).to.deep.equal([]);
    for (const language of ['en', 'ru'] as const) {
      for (const file of spokenFiles(language)) named.add(`${language}/${file}`);
    }
    expect([...named].filter((file) => manifest[file] === undefined)).to.deep.equal([]);
    expect(Object.keys(manifest).filter((file) => !named.has(file))).to.deep.equal([]);
  });

  it('ends every recorded sentence as a sentence', async () => {
    for (const [file, words] of Object.entries(await loadManifest('conf/ivr'))) {
      expect(words, file)
        .to.equal(words.trim())
        .and.not.match(/ {2}|\.\.|[A-Za-z][А-Яа-я]|[А-Яа-я][A-Za-z]/);
      if (/[.!?] /.test(words) && !/\/(catalogue|transfer)\/done$/.test(file))
        expect(words, file).to.match(/[.!?:]$/);
    }
  });
});

describe('a mistake in a call script', () => {
  it('is told with file, line and key', () => {
    const line = lineOf('submenu: language');
    expect(problems('submenu: language', 'submenu: langauge')).to.deep.equal([
      `${FILE}:${line}:12: menus.main.keys.5: no menu named "langauge"; did you mean "language"?`,
    ]);
  });

  it('is found in prompts: a value that is not there, or of another kind', () => {
    expect(problems('{ points: fee }', '{ points: fees }')[0]).to.match(
      /phrases\.transferFee\.en\[1\]: no points named "fees" here; there are: points: fee$/,
    );
    expect(problems('{ points: fee }', '{ date: fee }')[0]).to.match(/no date named "fee" here/);
    expect(problems('[call/welcome]', '[{ points: available }]')[0]).to.match(
      /no points named "available" here; there is no value$/,
    );
    expect(problems('[call/welcome]', '[{ phrase: balance }]')[0]).to.match(
      /"balance" speaks values \(available\)/,
    );
  });

  it('is found in keys, files, limits and names', () => {
    expect(problems("'1': { operation: balance }", "'1': { operation: ballance }")[0]).to.match(
      /:\d+: menus\.main\.keys\.1: /,
    );
    expect(problems("'1': { operation: balance }", "'12': { operation: balance }")[0]).to.match(
      /menus\.main\.keys/,
    );
    expect(problems('menu/main,', '../etc/passwd,')[0]).to.match(
      /menus\.main\.prompt\.en\[0\]: .*a sound file without folder and ending/,
    );
    expect(problems('noInputMax: 3', 'noInputMax: 0')[0]).to.match(/noInputMax/);
    expect(problems('noInputMax: 3', 'noImputMax: 3')[0]).to.match(
      /noImputMax: unknown key; did you mean "noInputMax"/,
    );
    expect(problems('start: main', 'start: nowhere')[0]).to.match(
      /start: no menu named "nowhere"; there are: main, language$/,
    );
    expect(problems('operator: operator', "operator: '10 00'")[0]).to.match(/operator/);
    expect(problems('operator: operator\n', '\n')).to.have.length(2);
    expect(problems(/ {2}goodbye: .*\n/, '')[0]).to.match(/phrases\.goodbye: missing/);
    expect(problems('start: main', 'start: [')[0]).to.match(new RegExp(`^${FILE}:\\d+:\\d+: `));
    expect(problems(/[^]*/, '')[0]).to.match(new RegExp(`^${FILE}:1:1: `));
  });

  it('that leaves one language without words only warns, and falls back; without default words it is one', () => {
    const { warnings } = parseScript(
      SHIPPED.replace(
        'goodbye: { en: [call/goodbye], ru: [call/goodbye] }',
        'goodbye: { en: [call/goodbye] }',
      ),
      FILE,
    );
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/phrases\.goodbye: no words in "ru": the caller will hear "en"$/);
    expect(
      problems('goodbye: { en: [call/goodbye], ru: [call/goodbye] }', 'goodbye: { ru: [call/goodbye] }')[0],
    ).to.match(/no words in the default language "en"/);
  });
});
