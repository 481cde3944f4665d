/*
 * Passwords for the occasion: four common words, "copper-lamp-river-nine",
 * forty bits drawn by the kernel's generator. Good for a share that lives for
 * an afternoon; a lasting one gets its password from its owner.
 *
 * Thread: any.
 */
#pragma once

enum {
	GW_WORDS_SIZE = 32
};

void gw_words(char ret_password[GW_WORDS_SIZE]);
