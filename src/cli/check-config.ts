import { loadScript } from '../channels/ivr/load-script.ts';
import { loadKeywords } from '../channels/sms/keywords.ts';
import { loadTexts } from '../channels/texts/texts.ts';
import { loadMenu } from '../channels/ussd/menu-file.ts';
import { loadPriceList } from '../price-list/load.ts';
import { loadConfig } from '../runtime/config/load.ts';
import { print, toJson } from './output.ts';

/**
 * Checks the configuration and every file it names; opens no socket.
 *
 * @throws ConfigError or ScriptError with all mistakes of the first file that has any
 */
export async function checkConfig(file: string, json: boolean): Promise<void> {
  const config = loadConfig(file);
  loadTexts(config.sms.texts);
  loadKeywords(config.sms.keywords);
  loadMenu(config.ussd.menu);
  loadPriceList(config.catalogue.priceList);
  const { warnings } = await loadScript(config.ivr.script);
  if (json) {
    print(toJson({ file, ok: true, warnings }));
    return;
  }
  for (const warning of warnings) print(`warning: ${warning}`);
  print(`${file}: ok, with texts, keywords, menus, price list and call script`);
}
