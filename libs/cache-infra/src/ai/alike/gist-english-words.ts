const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));
const pairs = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .trim()
      .split(/\s*,\s*/)
      .map((pair): [string, string] => {
        const [from = '', to = ''] = pair.split('=');
        return [from, to];
      }),
  );

/**
 * Contractions with one reading, also without their apostrophe where that is no other word (`wont`, `cant`, `its`).
 * `cannot` is one word: `can not` may be the freedom to leave something.
 */
export const contractions = pairs(`
  don't=do not, dont=do not, doesn't=does not, doesnt=does not, didn't=did not, didnt=did not, isn't=is not,
  isnt=is not, aren't=are not, arent=are not, wasn't=was not, wasnt=was not, weren't=were not, werent=were not,
  can't=cannot, couldn't=could not, couldnt=could not, won't=will not, wouldn't=would not, wouldnt=would not,
  shouldn't=should not, shouldnt=should not, mustn't=must not, haven't=have not, havent=have not, hasn't=has not,
  hasnt=has not, hadn't=had not, hadnt=had not, whats=what is, i'm=i am`);

/** British and American spellings, and hyphens that come and go. Left out are pairs with two meanings: tyre, metre. */
export const spellings = pairs(`
  colour=color, colours=colors, favourite=favorite, favourites=favorites, favour=favor, behaviour=behavior,
  neighbour=neighbor, neighbours=neighbors, flavour=flavor, flavours=flavors, honour=honor, labour=labor, rumour=rumor,
  humour=humor, harbour=harbor, centre=center, centres=centers, theatre=theater, theatres=theaters, fibre=fiber,
  organise=organize, organised=organized, organisation=organization, organisations=organizations, realise=realize,
  recognise=recognize, optimise=optimize, optimised=optimized, optimisation=optimization, customise=customize,
  summarise=summarize, analyse=analyze, apologise=apologize, initialise=initialize, initialisation=initialization,
  serialise=serialize, serialisation=serialization, normalise=normalize, normalisation=normalization,
  synchronise=synchronize, synchronisation=synchronization, authorise=authorize, authorisation=authorization,
  minimise=minimize, maximise=maximize, prioritise=prioritize, visualise=visualize, categorise=categorize,
  cancelled=canceled, cancelling=canceling, travelling=traveling, travelled=traveled, traveller=traveler,
  travellers=travelers, modelling=modeling, labelled=labeled, jewellery=jewelry, aluminium=aluminum, pyjamas=pajamas,
  catalogue=catalog, grey=gray, defence=defense, offence=offense, skilful=skillful,
  e-mail=email, e-mails=emails, wi-fi=wifi, web-site=website, somebody=someone, anybody=anyone, everybody=everyone,
  nobody=no one`);

/** After `who's` these may stand for `who has`: `who's paid` names the payer or the paid. */
export const participles = list(`
  had made kept read said hurt sold told beat come gone left lost won worn torn born sworn built burnt dealt drunk heard
  laid led learnt lit stood struck stuck swum shot spread bid cast burst wed bet just never ever not always also now since
  still`);

/**
 * Actions of which `how do I`, `how can I` and `how to` ask the same. Others are left alone: `how can I owe you money`
 * is surprise, `how do I look` is no instruction.
 */
export const actions = list(`
  access activate add adjust apply archive assign attach authenticate avoid back backup bake block boil book build
  buy calculate call cancel change charge check choose claim clean clear clone close collect combine commit
  compile compress compute configure confirm connect contact convert cook copy count create customize cut deactivate
  debug declare decrease define delete deploy detect determine disable disconnect display download draw dry edit enable
  encrypt decrypt ensure export extend extract fill filter find fix format freeze generate get grow
  hide implement import improve increase insert install integrate invite iterate join learn limit link list load lock
  log make manage measure merge migrate mock modify monitor mount move mute open optimize order organize override
  parse pause pay perform pin plan plant play prepare prevent print protect publish query
  raise reach read rebase reboot recover redeem reduce refactor register reinstall reload remove rename renew rent
  repair replace report request reset resize resolve restart restore retrieve return reverse revert roll rotate
  save scan schedule search secure select sell send serialize set setup share show shrink sign simulate solve
  sort split start stop store stream submit subscribe swap switch sync synchronize test throttle track train transfer
  trim troubleshoot turn unblock undo uninstall unlock unsubscribe update upgrade upload use validate verify
  view wash withdraw wrap write zip`);

/** Tools that may stand before or behind a question on how to do something. */
export const tools =
  'python|javascript|typescript|postgres|postgresql|mysql|mongodb|redis|nestjs|kubernetes|docker|bash|sql';

/** Plurals that are more than several of their singular. */
export const ownPlurals = list(`
  glasses arms goods customs means scales news spectacles damages works manners premises forces times colors waters
  savings earnings irons woods minutes letters spirits looks brains guts grounds securities shorts pants tights briefs
  boxers odds remains contents terms quarters barracks spades hearts clubs diamonds blues classics statistics ethics
  politics physics economics mathematics athletics gymnastics mechanics dynamics graphics tropics basics specifics
  logistics analytics darts billiards checkers dominoes dates windows teams chips cards drafts draughts facilities
  proceedings lodgings surroundings belongings thanks regards respects outskirts ashes bowels hives piles crabs runs
  shingles mumps measles rickets rights stocks bonds stairs sticks states beatles doors eagles stones rolling kings
  numbers pages keynotes notes photos sheets slides forms sands heads tails values morals humanities arts liberties
  honors trousers jeans leggings sneakers scissors pliers tongs tweezers binoculars goggles wages riches annals
  oats grits greens sweets leftovers groceries commons lords peoples ones others seconds jacks skittles marbles
  conkers cents series species headquarters crossroads gallows innings lens blinds shades drawers stays suspenders
  braces reserves relations communications humors vapors airs heights depths straits narrows rapids falls flats
  sales services resources operations affairs finances fundamentals foundations`);

/** Words of questions about words and of orders to rewrite a text: there every letter counts. */
export const materialWords = list(`
  translate translates translation translated spell spells spelled spelling spellings letter letters word words
  pronounce pronounced pronunciation grammar grammatical grammatically sentence sentences rhyme rhymes synonym synonyms
  antonym antonyms plural singular abbreviation abbreviate apostrophe comma commas punctuation punctuate capitalize
  capitalise capitalized uppercase lowercase syllable syllables vowel vowels anagram palindrome rewrite rephrase
  reword paraphrase proofread correct say says said contraction contractions hyphen hyphens homophone homophones
  character characters repeat echo quote typo typos phrase phrases noun verb adjective adverb pronoun article articles
  contracted abbreviated written reads`);
