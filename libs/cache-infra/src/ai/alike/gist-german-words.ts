/** Verbs of instructions: `wie ändere ich`, `wie ändert man` and `wie kann ich … ändern` ask the same. */
const infinitives = `
  ändern löschen erstellen öffnen schließen kündigen stornieren bestellen bezahlen kaufen verkaufen installieren
  deinstallieren aktualisieren konfigurieren sortieren berechnen speichern drucken kopieren teilen senden
  verschieben entfernen reparieren reinigen kochen backen starten stoppen testen prüfen aktivieren deaktivieren
  exportieren importieren konvertieren umwandeln beantragen buchen mieten vermieten verbinden trennen verschlüsseln
  entschlüsseln messen suchen bauen schreiben lesen lernen nutzen verwenden benutzen erreichen verhindern vermeiden
  zurücksetzen zurückgeben zurückschicken einrichten einstellen einschalten ausschalten abschalten abbestellen anmelden
  abmelden anlegen ausdrucken hochladen herunterladen hinzufügen umbenennen umtauschen einfügen ausschneiden anschließen
  abschließen einlösen ausfüllen neustarten wiederherstellen freigeben sperren entsperren`
  .trim()
  .split(/\s+/);

/** In `wie stelle ich … ein` the last word belongs to the verb. */
export const particles = /^(.+) (zurück|wieder her|herunter|hinzu|hoch|ein|aus|ab|an|um|frei)$/;

type Person = 'ich' | 'man';
const irregular: Readonly<Record<string, Readonly<Record<Person, string>>>> = {
  lesen: { ich: 'lese', man: 'liest' },
  messen: { ich: 'messe', man: 'misst' },
  backen: { ich: 'backe', man: 'backt' },
  ausschneiden: { ich: 'ausschneide', man: 'ausschneidet' },
  hochladen: { ich: 'hochlade', man: 'hochlädt' },
  herunterladen: { ich: 'herunterlade', man: 'herunterlädt' },
  zurückgeben: { ich: 'zurückgebe', man: 'zurückgibt' },
  freigeben: { ich: 'freigebe', man: 'freigibt' },
  ändern: { ich: 'ändere', man: 'ändert' },
  speichern: { ich: 'speichere', man: 'speichert' },
  umwandeln: { ich: 'umwandle', man: 'umwandelt' },
  verschlüsseln: { ich: 'verschlüssle', man: 'verschlüsselt' },
  entschlüsseln: { ich: 'entschlüssle', man: 'entschlüsselt' },
};

const forms: Readonly<Record<Person | 'infinitive', Map<string, string>>> = {
  infinitive: new Map(infinitives.map((verb) => [verb, verb])),
  ich: new Map(infinitives.map((verb) => [formOf(verb, 'ich'), verb])),
  man: new Map(infinitives.map((verb) => [formOf(verb, 'man'), verb])),
};

function formOf(infinitive: string, person: Person): string {
  const known = irregular[infinitive];
  if (known !== undefined) return known[person];
  const stem = infinitive.slice(0, -2);
  if (person === 'ich') return `${stem}e`;
  return /(?:[dt]|[^aeiouhlr]n)$/.test(stem) ? `${stem}et` : `${stem}t`;
}

/** The infinitive of a known action in this form. */
export function actionOf(verb: string, form: Person | 'infinitive' | 'any'): string | undefined {
  if (form !== 'any') return forms[form].get(verb);
  return forms.infinitive.get(verb) ?? forms.ich.get(verb) ?? forms.man.get(verb);
}

/** One spelling of words with several. */
export const spellings: ReadonlyMap<string, string> = new Map([
  ['wieviel', 'wie viel'],
  ['wieviele', 'wie viele'],
  ["gibt's", 'gibt es'],
  ['gibts', 'gibt es'],
  ["geht's", 'geht es'],
  ['fuer', 'für'],
  ['ueber', 'über'],
  ['koennen', 'können'],
  ['moechte', 'möchte'],
  ['loeschen', 'löschen'],
  ['aendern', 'ändern'],
  ['oeffnen', 'öffnen'],
  ['zurueck', 'zurück'],
  ['muß', 'muss'],
  ['daß', 'dass'],
  ['e-mail', 'email'],
  ['e-mails', 'emails'],
]);

/** Words of questions about words and of orders to rewrite a text: there every letter counts. */
export const materialWords: ReadonlySet<string> = new Set(
  `übersetze übersetzen übersetzt übersetzung buchstabe buchstaben buchstabiere buchstabiert schreibt schreibweise
  geschrieben wort wörter worte rechtschreibung grammatik korrigiere korrigieren reim reimt silbe silben komma kommas
  satz sätze heißt bedeutet bedeutung synonym synonyme mehrzahl einzahl plural singular formuliere formulieren
  umformulieren abkürzung großgeschrieben kleingeschrieben sagt zeichen zitat zitiere wiederhole ausgesprochen
  aussprache`.split(/\s+/),
);
