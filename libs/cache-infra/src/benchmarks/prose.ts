/**
 * Sentences from public-domain books: Carroll 1865, Melville 1851, Austen 1813, Darwin 1859, Shelley 1818, Dickens
 * 1859.
 */
export const sentences: readonly string[] = [
  'Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do.',
  'Once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it.',
  '“And what is the use of a book,” thought Alice, “without pictures or conversations?”',
  'There was nothing so very remarkable in that; nor did Alice think it so very much out of the way to hear the Rabbit say to itself, “Oh dear! Oh dear! I shall be late!”',
  'Call me Ishmael.',
  'Some years ago—never mind how long precisely—having little or no money in my purse, and nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.',
  'It is a way I have of driving off the spleen and regulating the circulation.',
  'Whenever I find myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul; then, I account it high time to get to sea as soon as I can.',
  'It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.',
  'However little known the feelings or views of such a man may be on his first entering a neighbourhood, this truth is so well fixed in the minds of the surrounding families, that he is considered the rightful property of some one or other of their daughters.',
  '“My dear Mr. Bennet,” said his lady to him one day, “have you heard that Netherfield Park is let at last?”',
  'Mr. Bennet replied that he had not.',
  'When on board H.M.S. Beagle, as naturalist, I was much struck with certain facts in the distribution of the inhabitants of South America.',
  'These facts seemed to me to throw some light on the origin of species—that mystery of mysteries, as it has been called by one of our greatest philosophers.',
  'There is grandeur in this view of life, with its several powers, having been originally breathed into a few forms or into one.',
  'From so simple a beginning endless forms most beautiful and most wonderful have been, and are being, evolved.',
  'You will rejoice to hear that no disaster has accompanied the commencement of an enterprise which you have regarded with such evil forebodings.',
  'I arrived here yesterday, and my first task is to assure my dear sister of my welfare and increasing confidence in the success of my undertaking.',
  'It was on a dreary night of November that I beheld the accomplishment of my toils.',
  'It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.',
  'There were a king with a large jaw and a queen with a plain face, on the throne of England; there were a king with a large jaw and a queen with a fair face, on the throne of France.',
  'It is a far, far better thing that I do, than I have ever done; it is a far, far better rest that I go to than I have ever known.',
];
