import { expect } from 'chai';
import { readRulesFile } from '../../src/cli/rules-file.ts';
import { goldenProblems } from '../../src/earning/golden-cases.ts';
import { ruleDocument } from '../../src/earning/rule-document.ts';
import { compileRuleSet } from '../../src/earning/rule-set.ts';
import { DEFINITIONS } from '../support/earning.ts';

describe('conf/rules-example.yaml', () => {
  const file = readRulesFile('conf/rules-example.yaml');

  it('compiles, and its golden cases come out', () => {
    const document = ruleDocument.parse(file.document);
    const numbers = new Map(document.rules.map(({ code }, index) => [code, index + 1]));
    const compiled = compileRuleSet(document, 1, DEFINITIONS, numbers);
    if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems));
    expect(goldenProblems(document, compiled.set, DEFINITIONS)).to.deep.equal([]);
    expect([...compiled.set.byType.keys()]).to.have.members(['purchase', 'topup', 'birthday', 'assessment']);
  });

  it('names the line of a mistake in the file', () => {
    const at = (path: string, line: number, column: number): string =>
      file.place({ path, line, column, reason: 'x' }).split(' ')[0]!;
    // The second line of the block of night_topup_large, and a plain scalar.
    expect(at('rules[1].when', 2, 6)).to.equal('conf/rules-example.yaml:25:12');
    expect(at('rules[2].points', 1, 10)).to.equal('conf/rules-example.yaml:38:22');
  });
});
