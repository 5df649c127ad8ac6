// Brings the words of maintenance, shells and recordings, for the parts that come later. Imported for that alone.
import { shellDe } from './shell-de.ts';
import { shellEn } from './shell-en.ts';
import { learn } from './text.ts';
import { workDe } from './work-de.ts';
import { workEn } from './work-en.ts';

learn('en', { ...workEn, ...shellEn });
learn('de', { ...workDe, ...shellDe });
