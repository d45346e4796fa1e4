const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** English words that mean something else with a capital, or in capitals: names, brands, months, peoples. */
export const caseWords = list(`
  access ace acrobat actix ada advent aids ajax alien aliens alphabet amazon angular ansible ant apple argo
  art ascot ash august avatar azure babel backbone baker bamboo barber basecamp basic basil bath bazel beam
  beetle bible bill bills bing bishop blender block bob boots bounty bower brave bronx buck bud buddy buffalo
  bun bush butcher cab calendar canva carol carpenter carrie cars carter cat caterpillar catholic celeste chad
  chai charity chase chef cherry china chip chrome chuck church cinema circle clark clay cliff cloud cola
  cologne colt confluence congress conservative consul cook cooper cop copilot cork cortana cox cross crown
  crystal cypress dagster daisy dale dark dart dash dawn deal dean defender democrat democratic derby derry
  destiny diamond dick discord discover docs dodge domino don dos dot dove dover drake drew drill drive drone
  druid duke dump earl earth east easter echo edge elixir ember epic epsom era escape eve excel exchange faith
  fast fed fern fiber fields fiesta finder fireworks fish fisher flash flask flink flora flux focus ford forms
  fossil fox framer frank friends frozen fusion gain galaxy gale gap gates gene gin ginger git glen gnu go god
  godot gods gold golf grace gradle grant gravity greek green grunt guernsey guess guinea gulp guy hamlet
  hammer hardy harry hart hawk hazel health heat heath heather helm herb hive holly holmes hook hope houdini
  hull hunt hunter hurt ice impala inception iris ivy jack jackson jade jaguar jasmine java jay jean jenny
  jersey jest jet jewel jim jobs john joker jordan josh joy julia junior karma keep key keynote king kit
  knight lab labor labour lamb lance lane latin laurel law lee lego lent liberal lightroom lily lima linear
  linkerd lion live lock logic lord lost lotus lou love lucid luigi mac mad mail major mandarin mandarins maps
  march mark marks mars marsh marshall mason matt maven max may maya mba meet melody mercurial mercury mercy
  messages messenger meta mike miles miller mills mini miro misty mobile mocha moody moon moore moss music
  musk mustang nash nest net nice nick nim noble node nomad norm north notepad notes notion nuke numbers
  office olive opal opera oracle orange origin orthodox outlook packer page pages paine paint panama pants
  parcel park parker parliament pat patience pc pearl penny pepper perforce pet peter phobos phoenix photos
  pierce pig pin pinot piper pixel planner play playwright pm podcasts pole poles polish polishes polo pope
  poppy porter potter power pr prefect premiere presto price prince processing progress project prudence puma
  puppet puppeteer quarter queens radar rails ram ray react reading reason reebok reed reggie republican
  resolve rest rex rice rich ring rip rivers rivian rob robin rocket rocky rod rollup roman rose ruby rugby
  rush rust rusty sad safari sage sally salt sam sandwich sandy sars scala scarlet scratch seal senate serena
  sharp sheets shell shepherd sherlock short shortcuts signal signs silver sim singer sketch skip sky skye
  slack slides slough small smart smith snap snickers snowpack soap south spark spears speed split spotlight
  spring square star steam sterling stern sting stock stocks stone storm storybook strange street stripe
  strong subway succession sue suits sun surface svelte swan swat swede swedes sweet swift symfony tad
  tangerine tanner target taylor teams telegram threads thunderbird tide tiffany titan tokio tom trino trump
  tucker turkey turner twain twilight twitter underwood union unity unreal vagrant van vault vera victoria
  violet visa wade wales walker wall ward warren waters weaver webb wells wendy west wheeler whiteboard wild
  wilde will willow windows wire wise wolf wood woods woody word wright yarn young zoom`);

/** English words that are acronyms in capitals. In a text of capitals only, nothing tells which of the two is meant. */
export const acronymWords = list('us it who am un im hr');

/** Names and acronyms with one meaning in any spelling: `GitHub`, `github`; `API`, `api`. */
export const namesOfOneMeaning = list(`
  github gitlab javascript typescript nodejs postgresql postgres mysql sqlite mongodb iphone ipad macbook youtube paypal
  linkedin whatsapp facebook wordpress openai chatgpt kubernetes nestjs nextjs graphql redis npm
  http https url urls api apis sql nosql html css json xml pdf csv cpu cpus gpu gpus usb vpn dns ssl tls ssh ftp faq
  faqs gdpr dsgvo iban ai e-mail e-mails wi-fi wifi jwt oauth cors ttl llm sdk cli tcp udp ip yaml svg png jpeg`);

/** German words of address: `Sie` is not `sie`, also where a sentence starts. */
export const germanAddress = list('sie ihr ihre ihrem ihren ihrer ihres ihnen');

/** German words that a capital makes no nouns of: a greeting may stand before them. */
export const germanFunctionWords = list(`
  wie was wo wer wen wem wann warum wieso weshalb wohin woher welche welcher welches welchen wieviel kann kannst können
  könnte könnten könntest ist sind hat gibt wird muss soll darf erkläre erklär der die das den dem ein eine einen
  mein meine meinen und oder in im auf mit ohne von für zu bei nach`);

/** German nouns of everyday questions whose small spelling is no other word. */
export const germanNouns = list(`
  konto passwort kennwort adresse rechnung rechnungen email emails vertrag computer telefon handy drucker
  datei dateien datenbank server benutzer kunde kunden lieferung bestellung paket produkt produkte preis
  hauptstadt frankreich deutschland österreich schweiz berlin münchen wien zürich paris italien spanien
  englisch montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar juni juli september
  oktober november dezember programm funktion variable variablen tabelle tabellen array schlüssel webseite
  internet browser zug bahn flug flughafen hotel restaurant geld euro dollar bank kreditkarte versicherung
  urlaub firma unternehmen mitarbeiter büro haus auto fahrrad hund katze kind kinder mann frau wasser kaffee
  brot kuchen sommer winter jahr jahre monat monate woche wochen tag stunde stunden minute minuten cache app
  newsletter gutschein profil`);

/** Endings that nouns alone have. */
export const germanNounEndings =
  /.{2}(?:ung|ungen|heit|heiten|keit|keiten|schaft|schaften|tion|tionen|tät|täten|ismus)$/;
