import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { TEXT_KEYS } from '../../../src/channels/texts/keys.ts';
import { compileTexts, loadTexts } from '../../../src/channels/texts/texts.ts';
import { ConfigError } from '../../../src/runtime/config/problem.ts';

describe('the texts', () => {
  let en: string;
  let ru: string;
  before(async () => {
    en = await readFile('conf/texts/en.yaml', 'utf8');
    ru = await readFile('conf/texts/ru.yaml', 'utf8');
  });

  const compile = (changedEn: string, changedRu: string): string => {
    try {
      compileTexts({
        en: { file: 'en.yaml', source: changedEn },
        ru: { file: 'ru.yaml', source: changedRu },
      });
      return '';
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as Error).message;
    }
  };
  const lineOf = (source: string, start: string): number =>
    source.split('\n').findIndex((line) => line.trim().startsWith(start)) + 1;

  it('of both languages load', () => {
    const texts = loadTexts('conf/texts');
    expect(texts.say('done.cancelled', 'en')).to.equal('Cancelled. No points were spent.');
    expect(texts.say('done.cancelled', 'ru')).to.equal('Отменено. Баллы не списаны.');
  });

  it('are refused when one is missing, naming it', () => {
    const without = ru.replace(/^ {2}cancelled:.*\n/m, '');
    expect(compile(en, without)).to.match(/^ru\.yaml:1:1: text done\.cancelled is missing$/);
  });

  it('are refused with the line of one that nobody says', () => {
    const changed = en.replace('  cancelled:', '  canceled: "no"\n  cancelled:');
    expect(compile(changed, ru)).to.match(
      new RegExp(`^en.yaml:${String(lineOf(changed, 'canceled:'))}:\\d+: done.canceled: no such text$`),
    );
  });

  it('are refused when a wording uses an argument that is never given', () => {
    const [changedEn, changedRu] = [en, ru].map((source) =>
      source.replace(/^ {2}cancelled: (['"])/m, '  cancelled: $1{name} '),
    );
    expect(compile(changedEn!, changedRu!)).to.contain('argument {name} is not given to this text');
  });

  it('are refused when the languages use different arguments', () => {
    expect(compile(en, ru.replace('Остаток: {available, number}.', ''))).to.equal(
      'ru.yaml:1:1: done.transferred: uses {points, to}, but en.yaml uses {available, points, to}',
    );
  });

  it('are refused when broken, with the line', () => {
    const changed = ru.replace('Отменено. Баллы не списаны.', 'Отменено {. Баллы');
    expect(compile(en, changed)).to.match(
      new RegExp(`^ru.yaml:${String(lineOf(changed, 'cancelled:'))}:\\d+: done.cancelled: `),
    );
    expect(compile('done: [', ru)).to.match(/^en\.yaml:\d+:\d+: /);
    expect(compile(`${en}\ndone: {}\n`, ru)).to.match(/^en\.yaml:\d+:\d+: .*unique/);
  });

  it('are refused when the last wording of a refusal needs an argument', () => {
    const broken = (source: string): string =>
      source.replace(/^ {2}reason_required: .*/m, '  reason_required: "{why}"');
    expect(compile(broken(en), broken(ru))).to.contain('the last wording of a refusal must need no argument');
  });

  it('say a refusal without its number when the number is not known', () => {
    const texts = loadTexts('conf/texts');
    const code = 'refused.points_insufficient';
    expect(texts.say(code, 'en', { available: 350n, wanted: 400n })).to.equal(
      'Not enough points: you have 350 and need 400.',
    );
    expect(texts.say(code, 'en', { available: 350n })).to.equal('Not enough points: you have 350.');
    expect(texts.say(code, 'en')).to.equal('Not enough points. Send BALANCE to see how many you have.');
  });

  it('never throw, whatever the values are', () => {
    const texts = loadTexts('conf/texts');
    for (const key of TEXT_KEYS) {
      for (const language of ['en', 'ru'] as const) {
        const odd = {
          available: 'x',
          points: '{',
          kind: 'nothing',
          fee: Number.NaN,
          to: '',
          date: '%s',
          name: '<b>',
        };
        expect(texts.say(key, language, odd), key)
          .to.be.a('string')
          .and.not.equal('');
      }
    }
  });

  it('agree with Russian numerals', () => {
    const texts = loadTexts('conf/texts');
    const said = (available: bigint): string => texts.say('done.balance', 'ru', { available });
    expect([0n, 1n, 2n, 5n, 11n, 12n, 14n, 21n, 22n, 25n, 111n, 1001n, 1_250_003n].map(said)).to.deep.equal([
      'У вас 0 баллов.',
      'У вас 1 балл.',
      'У вас 2 балла.',
      'У вас 5 баллов.',
      'У вас 11 баллов.',
      'У вас 12 баллов.',
      'У вас 14 баллов.',
      'У вас 21 балл.',
      'У вас 22 балла.',
      'У вас 25 баллов.',
      'У вас 111 баллов.',
      'У вас 1\u00a0001 балл.',
      'У вас 1\u00a0250\u00a0003 балла.',
    ]);
  });
});
