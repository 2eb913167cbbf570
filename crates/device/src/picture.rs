//! Pictures as they may be kept: upright, small enough, and without what the camera wrote into them.
//! Written anew from their pixels: place, time and model are gone with everything else in the file.

use crate::error::{DeviceError, Result};
use doorstep_domain::RuleId;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// What a camera or a scanner writes at most.
pub const PICTURE_BYTES_MAX: usize = 30 * 1024 * 1024;
/// The longer side afterwards: a page of paper stays readable.
const SIDE_MAX: u32 = 1_800;
const SIDE_READ_MAX: u32 = 20_000;
const MEMORY_MAX: u64 = 512 * 1024 * 1024;
const JPEG_QUALITY: u8 = 82;

fn refused(rule: &'static str) -> DeviceError {
    DeviceError::NotNow(RuleId::named(rule))
}

/// A photo as JPEG.
pub fn photo(bytes: &[u8]) -> Result<Vec<u8>> {
    let picture = read(bytes)?;
    let is_large = picture.width().max(picture.height()) > SIDE_MAX;
    let picture = match is_large {
        true => picture.thumbnail(SIDE_MAX, SIDE_MAX),
        false => picture,
    };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY)
        .encode_image(&picture.to_rgb8())
        .map_err(|_| refused("evidence.not_readable"))?;
    Ok(out)
}

/// A signature as it was drawn, as PNG. An empty one is none.
pub fn signature(bytes: &[u8]) -> Result<Vec<u8>> {
    let picture = read(bytes)?.to_luma_alpha8();
    let is_drawn = picture
        .pixels()
        .any(|pixel| pixel.0[1] > 0 && pixel.0[0] < 128);
    if !is_drawn {
        return Err(refused("evidence.empty_signature"));
    }
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageLumaA8(picture)
        .write_to(&mut out, ImageFormat::Png)
        .map_err(|_| refused("evidence.not_readable"))?;
    Ok(out.into_inner())
}

fn read(bytes: &[u8]) -> Result<DynamicImage> {
    if bytes.len() > PICTURE_BYTES_MAX {
        return Err(refused("evidence.too_large"));
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| refused("evidence.not_readable"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_READ_MAX);
    limits.max_image_height = Some(SIDE_READ_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let unreadable = |_| refused("evidence.not_readable");
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // A camera held sideways says so only in the data that is about to go.
    let upright = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(upright);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{LumaA, Rgb, RgbImage};

    /// A JPEG of 40 by 20 whose EXIF says that it lies on its side, and where it was taken.
    fn with_exif() -> Vec<u8> {
        let picture = RgbImage::from_pixel(40, 20, Rgb([200, 30, 30]));
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&picture).unwrap();
        // TIFF, big-endian, one entry: orientation 6; then words that stand for a position.
        let mut exif =
            b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"GPS 31.2000 N 120.1500 E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut out = jpeg[..2].to_vec();
        out.extend([0xff, 0xe1, length[0], length[1]]);
        out.extend(exif);
        out.extend(&jpeg[2..]);
        out
    }

    #[test]
    fn a_photo_is_upright_and_says_no_longer_where_it_was_taken() {
        let taken = with_exif();
        assert!(taken.windows(3).any(|part| part == b"GPS"));
        let kept = photo(&taken).unwrap();
        assert!(!kept.windows(3).any(|part| part == b"GPS"));
        assert!(!kept.windows(4).any(|part| part == b"Exif"));
        let read = image::load_from_memory(&kept).unwrap();
        assert_eq!((read.width(), read.height()), (20, 40));
    }

    #[test]
    fn a_large_photo_is_made_smaller() {
        let large = RgbImage::from_pixel(4_000, 100, Rgb([0, 0, 0]));
        let mut png = Cursor::new(Vec::new());
        large.write_to(&mut png, ImageFormat::Png).unwrap();
        let kept = image::load_from_memory(&photo(&png.into_inner()).unwrap()).unwrap();
        assert_eq!((kept.width(), kept.height()), (1_800, 45));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let mut torn = with_exif();
        torn.truncate(torn.len() / 2);
        for bytes in [
            b"".as_slice(),
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"hello",
            &torn[..20],
        ] {
            assert!(photo(bytes).is_err());
        }
    }

    #[test]
    fn an_empty_signature_is_none() {
        let png = |picture: image::GrayAlphaImage| {
            let mut out = Cursor::new(Vec::new());
            DynamicImage::ImageLumaA8(picture)
                .write_to(&mut out, ImageFormat::Png)
                .unwrap();
            out.into_inner()
        };
        let mut drawn = image::GrayAlphaImage::new(30, 10);
        assert!(signature(&png(drawn.clone())).is_err());
        drawn.put_pixel(3, 3, LumaA([0, 255]));
        assert!(signature(&png(drawn)).is_ok());
    }
}
