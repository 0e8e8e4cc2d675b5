/* SPDX-License-Identifier: Apache-2.0 */
/* The table of edits, made with ImageMagick's MagickWand: only its operations and its JPEG encoder
 * are used. Pictures are decoded by the library, as a device decodes them. */
#include "eval_edits.h"

#include "eval_draw.h"

/* What is between the picture and its copy. Each returns false when MagickWand fails. amount: the
 * row's. */
typedef bool edit_fn(MagickWand *wand, double amount, uint64_t seed);

enum { SAVED_QUALITY = 90, MESSENGER_QUALITY = 70 };

static bool nothing(MagickWand *wand, double amount, uint64_t seed)
{
    (void)wand;
    (void)amount;
    (void)seed;
    return true;
}

static size_t scaled(size_t px, double factor)
{
    const double result = (double)px * factor + 0.5;
    return result < 1 ? 1 : (size_t)result;
}

static bool resize(MagickWand *wand, double factor, uint64_t seed)
{
    (void)seed;
    return MagickResizeImage(wand, scaled(MagickGetImageWidth(wand), factor),
                             scaled(MagickGetImageHeight(wand), factor), LanczosFilter,
                             1.0) == MagickTrue;
}

static bool make_grey(MagickWand *wand, double amount, uint64_t seed)
{
    (void)amount;
    (void)seed;
    return MagickTransformImageColorspace(wand, GRAYColorspace) == MagickTrue;
}

static bool change_brightness(MagickWand *wand, double percent, uint64_t seed)
{
    (void)seed;
    return MagickBrightnessContrastImage(wand, percent, 0) == MagickTrue;
}

static bool change_contrast(MagickWand *wand, double percent, uint64_t seed)
{
    (void)seed;
    return MagickBrightnessContrastImage(wand, 0, percent) == MagickTrue;
}

static bool change_gamma(MagickWand *wand, double gamma, uint64_t seed)
{
    (void)seed;
    return MagickGammaImage(wand, gamma) == MagickTrue;
}

static double smaller_side(MagickWand *wand)
{
    const size_t width = MagickGetImageWidth(wand);
    const size_t height = MagickGetImageHeight(wand);
    return (double)(width < height ? width : height);
}

/* part: of the smaller side, so that small and large pictures lose alike. */
static bool blur(MagickWand *wand, double part, uint64_t seed)
{
    (void)seed;
    return MagickBlurImage(wand, 0, smaller_side(wand) * part) == MagickTrue;
}

static bool sharpen(MagickWand *wand, double part, uint64_t seed)
{
    (void)seed;
    return MagickUnsharpMaskImage(wand, 0, smaller_side(wand) * part, 1.0, 0.0) == MagickTrue;
}

static bool add_noise(MagickWand *wand, double amount, uint64_t seed)
{
    (void)amount;
    return eval_draw_noise(wand, seed);
}

static bool add_text(MagickWand *wand, double amount, uint64_t seed)
{
    (void)amount;
    return eval_draw_text(wand, seed);
}

static bool add_logo(MagickWand *wand, double amount, uint64_t seed)
{
    (void)amount;
    return eval_draw_logo(wand, seed);
}

static bool add_caption(MagickWand *wand, double amount, uint64_t seed)
{
    (void)amount;
    return eval_draw_caption(wand, seed);
}

/* part: of the width and of the height, taken off in the middle of both sides. */
static bool crop(MagickWand *wand, double part, uint64_t seed)
{
    const size_t width = MagickGetImageWidth(wand);
    const size_t height = MagickGetImageHeight(wand);
    const size_t less_wide = scaled(width, part);
    const size_t less_high = scaled(height, part);
    (void)seed;
    return width > less_wide && height > less_high &&
           MagickCropImage(wand, width - less_wide, height - less_high, (ssize_t)less_wide / 2,
                           (ssize_t)less_high / 2) == MagickTrue;
}

static bool add_border(MagickWand *wand, double part, uint64_t seed)
{
    PixelWand *black = NewPixelWand();
    PixelSetColor(black, "black");
    (void)seed;
    const bool is_done = MagickBorderImage(wand, black, scaled(MagickGetImageWidth(wand), part),
                                           scaled(MagickGetImageHeight(wand), part)) == MagickTrue;
    DestroyPixelWand(black);
    return is_done;
}

/* Of the same size as before, black in the corners. */
static bool rotate(MagickWand *wand, double degrees, uint64_t seed)
{
    const size_t width = MagickGetImageWidth(wand);
    const size_t height = MagickGetImageHeight(wand);
    PixelWand *black = NewPixelWand();
    PixelSetColor(black, "black");
    bool is_done = MagickRotateImage(wand, black, seed & 1 ? degrees : -degrees) == MagickTrue;
    const ssize_t left = (ssize_t)(MagickGetImageWidth(wand) - width) / 2;
    const ssize_t top = (ssize_t)(MagickGetImageHeight(wand) - height) / 2;
    /* The crop is relative to the canvas, which the rotation has moved. */
    is_done = is_done && MagickResetImagePage(wand, "") == MagickTrue &&
              MagickCropImage(wand, width, height, left, top) == MagickTrue;
    DestroyPixelWand(black);
    return is_done;
}

/* Nothing is made larger. */
static bool fit(MagickWand *wand, double side_px, uint64_t seed)
{
    const size_t width = MagickGetImageWidth(wand);
    const size_t height = MagickGetImageHeight(wand);
    const double longer = (double)(width > height ? width : height);
    return longer <= side_px || resize(wand, side_px / longer, seed);
}

static const struct edit {
    const char *name;
    edit_fn *run;
    double amount;
    size_t quality;  /* of the JPEG file that is saved */
    double again_px; /* 0, or the side to which what was saved is fitted and saved once more */
} edits[] = {
    {"recompressed-90", nothing, 0, 90, 0},
    {"recompressed-70", nothing, 0, 70, 0},
    {"recompressed-50", nothing, 0, 50, 0},
    {"recompressed-30", nothing, 0, 30, 0},
    {"resized-75", resize, 0.75, SAVED_QUALITY, 0},
    {"resized-50", resize, 0.5, SAVED_QUALITY, 0},
    {"resized-25", resize, 0.25, SAVED_QUALITY, 0},
    {"grey", make_grey, 0, SAVED_QUALITY, 0},
    {"brighter", change_brightness, 15, SAVED_QUALITY, 0},
    {"darker", change_brightness, -15, SAVED_QUALITY, 0},
    {"more-contrast", change_contrast, 20, SAVED_QUALITY, 0},
    {"less-contrast", change_contrast, -20, SAVED_QUALITY, 0},
    {"gamma-0.7", change_gamma, 0.7, SAVED_QUALITY, 0},
    {"gamma-1.4", change_gamma, 1.4, SAVED_QUALITY, 0},
    {"blurred", blur, 1.0 / 200, SAVED_QUALITY, 0},
    {"sharpened", sharpen, 1.0 / 200, SAVED_QUALITY, 0},
    {"noise", add_noise, 0, SAVED_QUALITY, 0},
    {"text", add_text, 0, SAVED_QUALITY, 0},
    {"logo", add_logo, 0, SAVED_QUALITY, 0},
    {"cropped-1", crop, 0.01, SAVED_QUALITY, 0},
    {"cropped-2", crop, 0.02, SAVED_QUALITY, 0},
    {"cropped-5", crop, 0.05, SAVED_QUALITY, 0},
    {"border", add_border, 0.02, SAVED_QUALITY, 0},
    {"caption-bar", add_caption, 0, SAVED_QUALITY, 0},
    {"rotated-1", rotate, 1, SAVED_QUALITY, 0},
    {"rotated-2", rotate, 2, SAVED_QUALITY, 0},
    {"messenger-1600", fit, 1600, MESSENGER_QUALITY, 0},
    {"messenger-1280", fit, 1280, MESSENGER_QUALITY, 0},
    {"messenger-twice", fit, 1600, MESSENGER_QUALITY, 1280},
};

size_t eval_edit_count(void)
{
    return sizeof edits / sizeof *edits;
}

const char *eval_edit_name(size_t edit)
{
    return edits[edit].name;
}

void eval_edits_begin(void)
{
    MagickWandGenesis();
    MagickSetResourceLimit(ThreadResource, 1); /* there is a thread for each picture already */
}

void eval_edits_end(void)
{
    MagickWandTerminus();
}

static bool load(MagickWand *wand, const hashveil_image *image)
{
    const size_t row_bytes = (size_t)image->width_px * image->channels;
    const char *map = image->channels == 1 ? "I" : "RGB";
    PixelWand *black = NewPixelWand();
    PixelSetColor(black, "black");
    bool is_loaded = MagickNewImage(wand, image->width_px, image->height_px, black) == MagickTrue;
    DestroyPixelWand(black);
    if (is_loaded && image->stride_bytes == row_bytes) {
        return MagickImportImagePixels(wand, 0, 0, image->width_px, image->height_px, map,
                                       CharPixel, image->pixels) == MagickTrue;
    }
    for (uint32_t y = 0; y < image->height_px && is_loaded; y++) {
        is_loaded = MagickImportImagePixels(wand, 0, y, image->width_px, 1, map, CharPixel,
                                            image->pixels + y * image->stride_bytes) == MagickTrue;
    }
    return is_loaded;
}

static uint8_t *save(MagickWand *wand, size_t quality, size_t *len_out)
{
    const bool is_set = MagickStripImage(wand) == MagickTrue &&
                        MagickSetImageFormat(wand, "JPEG") == MagickTrue &&
                        MagickSetImageCompressionQuality(wand, quality) == MagickTrue;
    return is_set ? MagickGetImageBlob(wand, len_out) : NULL;
}

/* Sets out to a JPEG file, or NULL. */
static void edit_once(const hashveil_image *image, const struct edit *edit, uint64_t seed,
                      uint8_t **out, size_t *len_out)
{
    MagickWand *wand = NewMagickWand();
    *out = NULL;
    if (load(wand, image) && edit->run(wand, edit->amount, seed)) {
        *out = save(wand, edit->quality, len_out);
    }
    DestroyMagickWand(wand);
}

hashveil_status eval_edit_make(const hashveil_image *image, size_t edit, uint64_t seed,
                               uint8_t **out, size_t *len_out)
{
    const struct edit *row = &edits[edit];
    edit_once(image, row, seed, out, len_out);
    if (!*out) {
        return HASHVEIL_ERR_FORMAT;
    }
    if (row->again_px == 0) {
        return HASHVEIL_OK;
    }
    const hashveil_image_options options = HASHVEIL_IMAGE_OPTIONS_DEFAULT;
    const struct edit again = {row->name, fit, row->again_px, row->quality, 0};
    hashveil_image received = {0};
    const hashveil_status status = hashveil_image_decode(*out, *len_out, &options, &received);
    eval_edit_free(*out);
    *out = NULL;
    if (status != HASHVEIL_OK) {
        return status;
    }
    edit_once(&received, &again, seed, out, len_out);
    hashveil_image_clear(&received);
    return *out ? HASHVEIL_OK : HASHVEIL_ERR_FORMAT;
}

void eval_edit_free(uint8_t *bytes)
{
    if (bytes) {
        MagickRelinquishMemory(bytes);
    }
}
