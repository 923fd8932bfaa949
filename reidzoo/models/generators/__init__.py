"""Networks that make images: image to image (CycleGAN, StarGAN), noise to image (DCGAN), pose and image to image."""
